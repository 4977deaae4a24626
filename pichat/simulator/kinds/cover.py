"""Blinds."""

from __future__ import annotations

from pichat.simulator.clusters.basic import Basic, Identify
from pichat.simulator.clusters.groups import Groups
from pichat.simulator.clusters.scenes import Scenes
from pichat.simulator.clusters.window_covering import WindowCovering
from pichat.simulator.kinds.registry import Kind, one_endpoint, register

register(
    Kind(
        "cover",
        "SIM-COVER-1",
        one_endpoint(0x0202, Basic, Identify, Groups, Scenes, WindowCovering),
        options={"travel_s": float},
    )
)
