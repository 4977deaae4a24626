"""Alarm sensors: leaks, smoke, gas and vibration. True is the alarm."""

from __future__ import annotations

from pichat.zigbee.converter import converter
from pichat.zigbee.ias import IasZone


@converter
class WaterLeak(IasZone):
    name = "water_leak"
    zone_types = frozenset({0x002A})


@converter
class Smoke(IasZone):
    name = "smoke"
    zone_types = frozenset({0x0028})


@converter
class Gas(IasZone):
    """Carbon monoxide, or a gas that burns: makers use the same zone type for both."""

    name = "gas"
    zone_types = frozenset({0x002B})


@converter
class Vibration(IasZone):
    name = "vibration"
    zone_types = frozenset({0x002D})
