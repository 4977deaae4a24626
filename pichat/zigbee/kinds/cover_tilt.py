"""Tilt of slats, in percent open. Zigbee counts percent closed."""

from __future__ import annotations

from pichat.events import Capability, State
from pichat.zigbee.converter import Attributes, Cluster, Converter, Report, converter

_UNKNOWN = 0xFF


@converter
class CoverTilt(Converter):
    name = "tilt"
    cluster_id = 0x0102
    reports = (Report(attribute="current_position_tilt_percentage", change=1),)
    settle_s = 30.0

    def capability(self, attributes: Attributes) -> Capability:
        del attributes
        return Capability(name=self.name, writable=True, unit="%", minimum=0, maximum=100)

    def decode(self, attributes: Attributes) -> State | None:
        closed = attributes.get("current_position_tilt_percentage")
        return None if closed is None or closed == _UNKNOWN else 100 - int(closed)

    async def command(
        self, cluster: Cluster, value: State, transition_s: float | None = None
    ) -> None:
        del transition_s
        closed = 100 - round(float(value))  # type: ignore[arg-type]
        await cluster.command("go_to_tilt_percentage", percentage_tilt_value=closed)

    def matches(self, wanted: State, actual: State) -> bool:
        return round(float(wanted)) == actual  # type: ignore[arg-type]

    def near(self, wanted: State, actual: State) -> bool:
        return abs(float(wanted) - float(actual)) <= 2  # type: ignore[arg-type]
