"""Tuya's plugs that measure: they report little by themselves, and tell no divisors."""

from __future__ import annotations

from types import MappingProxyType

from zigpy.zcl.clusters.homeautomation import ElectricalMeasurement
from zigpy.zcl.clusters.smartenergy import Metering

from pichat.zigbee.definition import Definition, define
from pichat.zigbee.local import Made
from pichat.zigbee.local_sensors import ELECTRICAL, METERING
from pichat.zigbee.makers.tuya_mcu import TuyaBasic, spell


class PlugElectrical(Made, ElectricalMeasurement):
    """Watts and volts."""

    fixed = MappingProxyType(
        {
            "ac_power_multiplier": 1,
            "ac_power_divisor": 1,
            "ac_voltage_multiplier": 1,
            "ac_voltage_divisor": 1,
        }
    )


class PlugMetering(Made, Metering):
    """Hundredths of a kilowatt-hour."""

    fixed = MappingProxyType({"multiplier": 1, "divisor": 100})


define(
    Definition(
        name="Tuya plug with a meter",
        models=frozenset({"TS011F", "TS0121"}),
        servers={1: (TuyaBasic, PlugElectrical, PlugMetering)},
        prepare=spell,
        polled=frozenset({ELECTRICAL, METERING}),
    )
)
