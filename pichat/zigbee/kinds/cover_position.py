"""Position of blinds and shutters, in percent open."""

from __future__ import annotations

from pichat.zigbee.converter import Report, converter
from pichat.zigbee.percent_open import PercentOpen


@converter
class CoverPosition(PercentOpen):
    name = "cover_position"
    reports = (Report(attribute="current_position_lift_percentage", change=1),)
    order, closed_by = "go_to_lift_percentage", "percentage_lift_value"
    settle_s = 60.0
    apart = True
