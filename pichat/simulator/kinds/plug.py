"""A plug that measures power, energy and voltage."""

from __future__ import annotations

from pichat.simulator.clusters.basic import Basic, Identify
from pichat.simulator.clusters.groups import Groups
from pichat.simulator.clusters.metering import ElectricalMeasurement, Metering
from pichat.simulator.clusters.on_off import OnOff
from pichat.simulator.clusters.scenes import Scenes
from pichat.simulator.kinds.registry import Kind, one_endpoint, register

register(
    Kind(
        "plug",
        "SIM-PLUG-1",
        one_endpoint(
            0x0051, Basic, Identify, Groups, Scenes, OnOff, Metering, ElectricalMeasurement
        ),
        options={"load_w": float},
    )
)
