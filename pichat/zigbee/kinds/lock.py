"""Locks. True is locked; neither while the bolt is between."""

from __future__ import annotations

from pichat.errors import UnsupportedError
from pichat.events import Capability, State
from pichat.zigbee.converter import Attributes, Cluster, Converter, Report, converter

_STATES = {1: True, 2: False}


@converter
class Lock(Converter):
    name = "lock"
    cluster_id = 0x0101
    reports = (Report(attribute="lock_state"),)
    settle_s = 15.0

    def capability(self, attributes: Attributes) -> Capability:
        del attributes
        return Capability(name=self.name, writable=True)

    def decode(self, attributes: Attributes) -> State | None:
        value = attributes.get("lock_state")
        return None if value is None else _STATES.get(int(value))

    async def command(
        self, cluster: Cluster, value: State, transition_s: float | None = None
    ) -> None:
        del transition_s
        if not isinstance(value, bool):
            raise UnsupportedError("It is either locked or unlocked.")
        await cluster.command("lock_door" if value else "unlock_door")
