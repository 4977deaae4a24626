"""Blinds, without and with slats that tilt."""

from __future__ import annotations

from pichat.simulator.clusters.basic import Basic, Identify
from pichat.simulator.clusters.groups import Groups
from pichat.simulator.clusters.scenes import Scenes
from pichat.simulator.clusters.tilt_covering import TiltCovering
from pichat.simulator.clusters.window_covering import WindowCovering
from pichat.simulator.kinds.registry import Kind, one_endpoint, register

for _name, _model, _covering in (
    ("cover", "SIM-COVER-1", WindowCovering),
    ("cover-tilt", "SIM-COVER-2", TiltCovering),
):
    register(
        Kind(
            _name,
            _model,
            one_endpoint(0x0202, Basic, Identify, Groups, Scenes, _covering),
            options={"travel_s": float},
        )
    )
