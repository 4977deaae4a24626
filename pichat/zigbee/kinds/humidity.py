"""Relative humidity."""

from __future__ import annotations

from pichat.zigbee.converter import Measurement, Report, converter


@converter
class Humidity(Measurement):
    name = "humidity"
    cluster_id = 0x0405
    reports = (Report(attribute="measured_value", min_interval_s=5, change=100),)
    scale, invalid, unit = 0.01, 0xFFFF, "%"
