"""Lights: on/off, dimmable, colour temperature, colour."""

from __future__ import annotations

from pichat.simulator.clusters.basic import Basic, Identify
from pichat.simulator.clusters.color import Color, ColorTemperature, XyColor
from pichat.simulator.clusters.groups import Groups
from pichat.simulator.clusters.level import Level
from pichat.simulator.clusters.on_off import OnOff
from pichat.simulator.clusters.ota import OtaUpgrade
from pichat.simulator.clusters.scenes import Scenes
from pichat.simulator.kinds.registry import Kind, one_endpoint, register
from pichat.simulator.node.cluster import Cluster

_COMMON: tuple[type[Cluster], ...] = (Basic, Identify, Groups, Scenes, OnOff)

for _name, _model, _device_id, _more in (
    ("light-on-off", "SIM-LIGHT-1", 0x0100, ()),
    ("light-dimmable", "SIM-LIGHT-2", 0x0101, (Level,)),
    ("light-color-temperature", "SIM-LIGHT-3", 0x010C, (Level, ColorTemperature)),
    ("light-color", "SIM-LIGHT-4", 0x010D, (Level, Color)),
    ("light-xy", "SIM-LIGHT-5", 0x0102, (Level, XyColor)),
):
    register(
        Kind(
            _name,
            _model,
            one_endpoint(_device_id, *_COMMON, *_more, clients=(OtaUpgrade,)),
            options={"block_delay_ms": float},
        )
    )
