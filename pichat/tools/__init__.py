"""The only door to the house: schema, permission and handler of each tool in one file."""

from __future__ import annotations

import importlib
import pkgutil

from pichat.tools.base import REGISTRY, Tool


def load_tools() -> dict[str, Tool]:
    """Every tool by its name. A new file in this folder is found by itself."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return dict(REGISTRY)
