"""Energy that a plug or meter has delivered so far."""

from __future__ import annotations

from pichat.zigbee.converter import RatioMeasurement, Report, converter


@converter
class Energy(RatioMeasurement):
    name = "energy"
    cluster_id = 0x0702
    reports = (Report(attribute="current_summ_delivered", min_interval_s=10, change=10),)
    multiplier, divisor = "multiplier", "divisor"
    described_by = (multiplier, divisor)
    scale, invalid, unit, digits = 1.0, 0xFFFF_FFFF_FFFF, "kWh", 3
