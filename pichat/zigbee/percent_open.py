"""What converters of window coverings share: percent open, where Zigbee counts percent closed."""

from __future__ import annotations

from typing import ClassVar

from pichat.events import Capability, State
from pichat.zigbee.converter import Attributes, Cluster, Converter

_UNKNOWN = 0xFF


class PercentOpen(Converter):
    """`order` is the command, `closed_by` its one argument."""

    cluster_id = 0x0102
    order: ClassVar[str]
    closed_by: ClassVar[str]

    def capability(self, attributes: Attributes) -> Capability:
        del attributes
        return Capability(name=self.name, writable=True, unit="%", minimum=0, maximum=100)

    def decode(self, attributes: Attributes) -> State | None:
        closed = attributes.get(self.reports[0].attribute)
        return None if closed is None or closed == _UNKNOWN else 100 - int(closed)

    async def command(
        self, cluster: Cluster, value: State, transition_s: float | None = None
    ) -> None:
        del transition_s
        closed = 100 - round(float(value))  # type: ignore[arg-type]
        await cluster.command(self.order, **{self.closed_by: closed})

    def matches(self, wanted: State, actual: State) -> bool:
        return round(float(wanted)) == actual  # type: ignore[arg-type]

    def near(self, wanted: State, actual: State) -> bool:
        return abs(float(wanted) - float(actual)) <= 2  # type: ignore[arg-type]
