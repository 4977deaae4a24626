"""Battery charge, told in half percents."""

from __future__ import annotations

from pichat.zigbee.converter import Measurement, Report, converter


@converter
class Battery(Measurement):
    name = "battery"
    cluster_id = 0x0001
    reports = (
        Report(
            attribute="battery_percentage_remaining",
            min_interval_s=60,
            max_interval_s=21_600,
            change=2,
        ),
    )
    scale, invalid, unit, digits = 0.5, 0xFF, "%", 1
