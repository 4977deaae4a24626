"""One file per kind of device; importing a file registers it."""

from __future__ import annotations

import importlib
import pkgutil

from pichat.simulator.kinds.registry import KINDS, Kind


def all_kinds() -> dict[str, Kind]:
    """Every kind by the name that a house file uses."""
    if not KINDS:
        for module in pkgutil.iter_modules(__path__, f"{__name__}."):
            importlib.import_module(module.name)
    return KINDS
