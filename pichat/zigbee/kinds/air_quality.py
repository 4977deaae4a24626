"""What is in the air: the concentration measurement clusters, which tell a float."""

from __future__ import annotations

import math

from pichat.events import State
from pichat.zigbee.converter import Attributes, Measurement, Report, converter

_PARTS_PER_MILLION = 1e6
"""Gases are told as a fraction."""


class _Concentration(Measurement):
    invalid = -1

    def decode(self, attributes: Attributes) -> State | None:
        raw = attributes.get("measured_value")
        if raw is None or not math.isfinite(raw) or raw < 0:
            return None
        return round(float(raw) * self.scale, self.digits)


@converter
class CarbonDioxide(_Concentration):
    name = "co2"
    cluster_id = 0x040D
    reports = (Report(attribute="measured_value", min_interval_s=5, change=2e-5),)
    scale, unit, digits = _PARTS_PER_MILLION, "ppm", 0


@converter
class CarbonMonoxide(_Concentration):
    name = "carbon_monoxide"
    cluster_id = 0x040C
    reports = (Report(attribute="measured_value", min_interval_s=5, change=1e-6),)
    scale, unit, digits = _PARTS_PER_MILLION, "ppm", 1


@converter
class ParticulateMatter(_Concentration):
    """Particles up to 2.5 µm, which the cluster tells in micrograms."""

    name = "pm25"
    cluster_id = 0x042A
    reports = (Report(attribute="measured_value", min_interval_s=5, change=1.0),)
    scale, unit, digits = 1.0, "µg/m³", 1


@converter
class Formaldehyde(_Concentration):
    name = "formaldehyde"
    cluster_id = 0x042B
    reports = (Report(attribute="measured_value", min_interval_s=5, change=1e-8),)
    scale, unit, digits = _PARTS_PER_MILLION, "ppm", 3
