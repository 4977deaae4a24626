"""Power that a plug or meter carries now."""

from __future__ import annotations

from pichat.zigbee.converter import RatioMeasurement, Report, converter


@converter
class Power(RatioMeasurement):
    name = "power"
    cluster_id = 0x0B04
    reports = (Report(attribute="active_power", min_interval_s=5, change=10),)
    multiplier, divisor = "ac_power_multiplier", "ac_power_divisor"
    described_by = (multiplier, divisor)
    scale, invalid, unit, digits = 1.0, -0x8000, "W", 1


@converter
class MeteredPower(RatioMeasurement):
    """The metering cluster tells kilowatts."""

    name = "power"
    cluster_id = 0x0702
    reports = (Report(attribute="instantaneous_demand", min_interval_s=5, change=10),)
    multiplier, divisor = "multiplier", "divisor"
    described_by = (multiplier, divisor)
    scale, invalid, unit, digits = 1000.0, -0x800000, "W", 1
