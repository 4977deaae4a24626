"""The EZSP commands, a file per topic; importing the package registers them all."""

from __future__ import annotations

from pichat.modules import load_all
from pichat.simulator.ncp.registry import REGISTRY, Handler


def table(version: int) -> dict[int, Handler]:
    """The handler of every command that this protocol version knows."""
    load_all(__name__)
    return REGISTRY.for_version(version)
