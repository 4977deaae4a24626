"""A door lock on batteries that listens all the time."""

from __future__ import annotations

from pichat.simulator.clusters.basic import Basic, Identify
from pichat.simulator.clusters.door_lock import DoorLock
from pichat.simulator.clusters.groups import Groups
from pichat.simulator.clusters.power_configuration import PowerConfiguration
from pichat.simulator.kinds.registry import Kind, one_endpoint, register

register(
    Kind(
        "lock",
        "SIM-LOCK-1",
        one_endpoint(0x000A, Basic, PowerConfiguration, Identify, Groups, DoorLock),
        mains=False,
        router=False,
        options={"travel_s": float, "pin": str, "codes": str, "asked_by": str},
    )
)
