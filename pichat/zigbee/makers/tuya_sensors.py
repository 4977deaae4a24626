"""Tuya's sensors that tell data points: climate, air quality, and presence by radar."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from zigpy.zcl import Cluster

from pichat.zigbee.definition import Definition, define
from pichat.zigbee.local import BATTERY, OCCUPANCY, LocalBattery
from pichat.zigbee.local_sensors import (
    CO2,
    HUMIDITY,
    ILLUMINANCE,
    TEMPERATURE,
    LocalCo2,
    LocalHumidity,
    LocalLux,
    LocalPresence,
    LocalTemperature,
    logarithmic,
)
from pichat.zigbee.makers.tuya_mcu import Point, TuyaBasic, TuyaMcu, spell


def _times(factor: int) -> Callable[[Any], int]:
    """Data points count tenths or wholes where the cluster library counts hundredths."""
    return lambda value: int(value) * factor


_TENTHS = Point(TEMPERATURE, "measured_value", _times(10))
_BATTERY = Point(BATTERY, "battery_percentage_remaining", _times(2))


class ClimateMcu(TuyaMcu):
    """Both in tenths."""

    points = MappingProxyType(
        {1: _TENTHS, 2: Point(HUMIDITY, "measured_value", _times(10)), 4: _BATTERY}
    )


class WholeClimateMcu(TuyaMcu):
    """Humidity in whole percents, and a battery of which it tells only a coarse level."""

    points = MappingProxyType(
        {1: _TENTHS, 2: Point(HUMIDITY, "measured_value", _times(100)), 4: _BATTERY}
    )


class AirMcu(TuyaMcu):
    """Its other points are gases that it guesses from one sensor."""

    points = MappingProxyType(
        {
            2: Point(CO2, "measured_value", lambda ppm: int(ppm) / 1e6),
            18: _TENTHS,
            19: Point(HUMIDITY, "measured_value", _times(10)),
        }
    )


class RadarMcu(TuyaMcu):
    points = MappingProxyType(
        {
            1: Point(OCCUPANCY, "occupancy", lambda there: int(bool(there))),
            104: Point(ILLUMINANCE, "measured_value", logarithmic),
        }
    )


def _sensor(name: str, manufacturers: set[str], *servers: type[Cluster]) -> None:
    define(
        Definition(
            name=name,
            models=frozenset({"TS0601"}),
            manufacturers=frozenset(manufacturers),
            servers={1: (TuyaBasic, *servers)},
            skip_configuration=True,
            prepare=spell,
        )
    )


_sensor(
    "Tuya temperature and humidity sensor",
    {"_TZE200_bjawzodf", "_TZE200_zl1kmjqx", "_TZE200_a8sdabtg"},
    *(ClimateMcu, LocalTemperature, LocalHumidity, LocalBattery),
)
_sensor(
    "Tuya temperature and humidity sensor with a display",
    {"_TZE200_yjjdcqsq", "_TZE204_yjjdcqsq", "_TZE200_9yapgbuv"},
    *(WholeClimateMcu, LocalTemperature, LocalHumidity, LocalBattery),
)
_sensor(
    "Tuya air quality sensor",
    {"_TZE200_8ygsuhe1", "_TZE200_yvx5lh6k", "_TZE200_c2fmom5z"},
    *(AirMcu, LocalCo2, LocalTemperature, LocalHumidity),
)
_sensor(
    "Tuya presence sensor by radar",
    {"_TZE200_ztc6ggyl", "_TZE204_ztc6ggyl", "_TZE200_ikvncluo"},
    *(RadarMcu, LocalPresence, LocalLux),
)
