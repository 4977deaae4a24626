"""The only door to the house: schema, permission and handler of each tool in one file."""

from __future__ import annotations

from pichat.modules import load_all
from pichat.tools.base import REGISTRY, Tool


def load_tools() -> dict[str, Tool]:
    """Every tool by its name. A new file in this folder is found by itself."""
    load_all(__name__)
    return dict(REGISTRY)
