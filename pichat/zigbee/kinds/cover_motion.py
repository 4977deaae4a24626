"""Opening, closing and stopping covers, which is an act and no state.

The cluster has no attribute that tells whether a cover moves, so it is done when the cover has
accepted the command; `cover_position` is the one that waits until it is there.
"""

from __future__ import annotations

from pichat.events import Capability, State
from pichat.zigbee.converter import Attributes, Cluster, Converter, converter

_COMMANDS = {"open": "up_open", "close": "down_close", "stop": "stop"}


@converter
class CoverMotion(Converter):
    name = "cover_motion"
    cluster_id = 0x0102
    reports = ()
    answered = True

    def capability(self, attributes: Attributes) -> Capability:
        del attributes
        return Capability(name=self.name, writable=True, options=tuple(_COMMANDS))

    def decode(self, attributes: Attributes) -> State | None:
        del attributes
        return None

    async def command(
        self, cluster: Cluster, value: State, transition_s: float | None = None
    ) -> None:
        del transition_s
        await cluster.command(_COMMANDS[str(value)])
