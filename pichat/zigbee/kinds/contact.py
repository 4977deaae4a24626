"""Contacts of doors and windows. True is open."""

from __future__ import annotations

from pichat.zigbee.converter import converter
from pichat.zigbee.ias import IasZone


@converter
class Contact(IasZone):
    name = "contact"
    zone_types = frozenset({0x0015, 0x0016})
