"""Temperature sensors."""

from __future__ import annotations

from pichat.zigbee.converter import Measurement, Report, converter


@converter
class Temperature(Measurement):
    name = "temperature"
    cluster_id = 0x0402
    reports = (Report(attribute="measured_value", min_interval_s=5, change=10),)
    scale, invalid, unit = 0.01, -0x8000, "°C"
