"""Mains voltage at a plug or meter."""

from __future__ import annotations

from pichat.zigbee.converter import RatioMeasurement, Report, converter


@converter
class Voltage(RatioMeasurement):
    name = "voltage"
    cluster_id = 0x0B04
    reports = (Report(attribute="rms_voltage", min_interval_s=10, change=10),)
    multiplier, divisor = "ac_voltage_multiplier", "ac_voltage_divisor"
    described_by = (multiplier, divisor)
    scale, invalid, unit, digits = 1.0, 0xFFFF, "V", 1
