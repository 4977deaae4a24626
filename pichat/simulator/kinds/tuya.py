"""A curtain motor that speaks as Tuya's do."""

from __future__ import annotations

from pichat.simulator.clusters.basic import Basic
from pichat.simulator.clusters.groups import Groups
from pichat.simulator.clusters.scenes import Scenes
from pichat.simulator.clusters.tuya import TuyaCurtain
from pichat.simulator.kinds.registry import Kind, one_endpoint, register

register(
    Kind(
        "tuya-curtain",
        "TS0601",
        one_endpoint(0x0051, Basic, Groups, Scenes, TuyaCurtain),
        options={"travel_s": float},
        manufacturer="_TZE200_zah67ekd",
        manufacturer_code=0x1002,
    )
)
