"""Presence of people: occupancy sensors, and motion sensors of alarm systems."""

from __future__ import annotations

from pichat.events import Capability, State
from pichat.zigbee.converter import Attributes, Converter, Report, converter
from pichat.zigbee.ias import IasZone


@converter
class Occupancy(Converter):
    name = "occupancy"
    cluster_id = 0x0406
    reports = (Report(attribute="occupancy"),)

    def capability(self, attributes: Attributes) -> Capability:
        del attributes
        return Capability(name=self.name)

    def decode(self, attributes: Attributes) -> State | None:
        value = attributes.get("occupancy")
        return None if value is None else bool(int(value) & 1)


@converter
class Motion(IasZone):
    name = "occupancy"
    zone_types = frozenset({0x000D})
