"""One file per kind of device; importing a file registers it."""

from __future__ import annotations

from functools import cache

from pichat.modules import load_all
from pichat.simulator.kinds.registry import KINDS, Kind


@cache
def all_kinds() -> dict[str, Kind]:
    """Every kind by the name that a house file uses."""
    load_all(__name__)
    return KINDS
