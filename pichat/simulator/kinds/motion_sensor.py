"""A battery motion sensor; the option `via` chooses how it tells: `occupancy` or `ias`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pichat.simulator.clusters.basic import Basic, Identify
from pichat.simulator.clusters.ias_zone import MotionZone
from pichat.simulator.clusters.measurement import IlluminanceMeasurement
from pichat.simulator.clusters.occupancy import OccupancySensing
from pichat.simulator.clusters.power_configuration import PowerConfiguration
from pichat.simulator.errors import HouseError
from pichat.simulator.kinds.registry import EndpointPlan, Kind, register
from pichat.simulator.node.cluster import Cluster


def _plan(options: Mapping[str, Any]) -> tuple[EndpointPlan, ...]:
    ways: dict[str, tuple[int, type[Cluster]]] = {
        "occupancy": (0x0107, OccupancySensing),
        "ias": (0x0402, MotionZone),
    }
    chosen = options.get("via", "occupancy")
    if chosen not in ways:
        raise HouseError(f"A motion sensor tells via occupancy or ias, not {chosen!r}.")
    device_id, cluster = ways[chosen]
    servers = (Basic, PowerConfiguration, Identify, IlluminanceMeasurement, cluster)
    return (EndpointPlan(1, device_id, servers),)


register(
    Kind(
        "sensor-motion",
        "SIM-MOTION-1",
        _plan,
        mains=False,
        router=False,
        rx_on=False,
        options={"via": str, "hold_s": float},
    )
)
