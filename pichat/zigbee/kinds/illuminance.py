"""Illuminance, which Zigbee tells on a logarithmic scale."""

from __future__ import annotations

from pichat.events import State
from pichat.zigbee.converter import Attributes, Measurement, Report, converter

_TOO_DARK = 0


@converter
class Illuminance(Measurement):
    name = "illuminance"
    cluster_id = 0x0400
    reports = (Report(attribute="measured_value", min_interval_s=5, change=500),)
    scale, invalid, unit = 1.0, 0xFFFF, "lx"

    def decode(self, attributes: Attributes) -> State | None:
        raw = attributes.get("measured_value")
        if raw is None or raw == self.invalid:
            return None
        return 0.0 if raw == _TOO_DARK else round(10 ** ((int(raw) - 1) / 10_000), 1)
