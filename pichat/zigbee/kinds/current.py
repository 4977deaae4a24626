"""Current that a plug or meter carries now."""

from __future__ import annotations

from pichat.zigbee.converter import RatioMeasurement, Report, converter


@converter
class Current(RatioMeasurement):
    name = "current"
    cluster_id = 0x0B04
    reports = (Report(attribute="rms_current", min_interval_s=5, change=50),)
    multiplier, divisor = "ac_current_multiplier", "ac_current_divisor"
    described_by = (multiplier, divisor)
    scale, invalid, unit, digits = 1.0, 0xFFFF, "A", 3
