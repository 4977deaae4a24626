"""The EZSP commands, a file per topic; importing the package registers them all."""

from __future__ import annotations

import importlib
import pkgutil

from pichat.simulator.ncp.registry import REGISTRY, Handler


def table(version: int) -> dict[int, Handler]:
    """The handler of every command that this protocol version knows."""
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        importlib.import_module(module.name)
    return REGISTRY.for_version(version)
