"""A wall switch with two gangs: two endpoints, each with an on/off of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pichat.simulator.clusters.basic import Basic, Identify
from pichat.simulator.clusters.groups import Groups
from pichat.simulator.clusters.on_off import OnOff
from pichat.simulator.clusters.scenes import Scenes
from pichat.simulator.kinds.registry import EndpointPlan, Kind, register

_SWITCH = 0x0002


def _plan(options: Mapping[str, Any]) -> tuple[EndpointPlan, ...]:
    del options
    return (
        EndpointPlan(1, _SWITCH, (Basic, Identify, Groups, Scenes, OnOff)),
        EndpointPlan(2, _SWITCH, (Identify, Groups, Scenes, OnOff)),
    )


register(Kind("switch-two-gang", "SIM-SWITCH-2", _plan))
