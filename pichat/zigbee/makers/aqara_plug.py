"""The Aqara plug, which tells power and energy as analog inputs of two more endpoints."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from zigpy.zcl.clusters.general import AnalogInput

from pichat.zigbee.definition import Definition, define
from pichat.zigbee.local import Made
from pichat.zigbee.local_sensors import ELECTRICAL, METERING, LocalElectrical, LocalMetering

_ANALOG, _PRESENT_VALUE = 0x000C, 0x0055


class PlugElectrical(LocalElectrical):
    source = (2, _ANALOG, "present_value")
    fixed = MappingProxyType({"ac_power_multiplier": 1, "ac_power_divisor": 10})


class PlugMetering(LocalMetering):
    source = (3, _ANALOG, "present_value")
    fixed = MappingProxyType({"multiplier": 1, "divisor": 1000})


class PowerInput(Made, AnalogInput):
    """Watts."""

    def heard(self, attribute: int, value: Any) -> Any:
        if attribute == _PRESENT_VALUE:
            self.tell(ELECTRICAL, "active_power", round(float(value) * 10))
        return value


class EnergyInput(Made, AnalogInput):
    """Kilowatt-hours."""

    def heard(self, attribute: int, value: Any) -> Any:
        if attribute == _PRESENT_VALUE:
            self.tell(METERING, "current_summ_delivered", round(float(value) * 1000))
        return value


define(
    Definition(
        name="Aqara plug ZNCZ02LM",
        models=frozenset({"lumi.plug"}),
        servers={1: (PlugElectrical, PlugMetering), 2: (PowerInput,), 3: (EnergyInput,)},
    )
)
