"""Tilt of slats, in percent open."""

from __future__ import annotations

from pichat.zigbee.converter import Report, converter
from pichat.zigbee.percent_open import PercentOpen


@converter
class CoverTilt(PercentOpen):
    name = "tilt"
    reports = (Report(attribute="current_position_tilt_percentage", change=1),)
    order, closed_by = "go_to_tilt_percentage", "percentage_tilt_value"
    settle_s = 30.0
