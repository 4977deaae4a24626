"""Brightness of lights, in percent of the level's range of 1 to 254."""

from __future__ import annotations

from pichat.events import Capability, State
from pichat.zigbee.converter import Attributes, Cluster, Converter, Report, converter, tenths

_FULL = 254


@converter
class Brightness(Converter):
    name = "brightness"
    cluster_id = 0x0008
    reports = (Report(attribute="current_level", change=1),)

    def capability(self, attributes: Attributes) -> Capability:
        del attributes
        return Capability(name=self.name, writable=True, unit="%", minimum=0, maximum=100)

    def decode(self, attributes: Attributes) -> State | None:
        level = attributes.get("current_level")
        return None if level is None else min(100, round(int(level) / _FULL * 100))

    async def command(
        self, cluster: Cluster, value: State, transition_s: float | None = None
    ) -> None:
        level = max(1, round(float(value) / 100 * _FULL))  # type: ignore[arg-type]
        await cluster.command(
            "move_to_level_with_on_off", level=level, transition_time=tenths(transition_s)
        )

    def matches(self, wanted: State, actual: State) -> bool:
        return abs(float(wanted) - float(actual)) <= 1  # type: ignore[arg-type]

    def elsewhere(self, value: State) -> tuple[str, State] | None:
        # Level 0 means off, and lights differ in what they then report as their level.
        return ("on_off", False) if value == 0 else None
