"""What a light or a plug does when the mains comes back."""

from __future__ import annotations

from pichat.events import Capability, State
from pichat.zigbee.converter import Attributes, Cluster, Converter, Report, converter

_WORDS = {0: "off", 1: "on", 2: "toggle", 0xFF: "previous"}
_NUMBERS = {word: number for number, word in _WORDS.items()}


@converter
class PowerOnBehaviour(Converter):
    name = "power_on_behaviour"
    cluster_id = 0x0006
    reports = (Report(attribute="start_up_on_off", configure=False),)

    def capability(self, attributes: Attributes) -> Capability:
        del attributes
        return Capability(name=self.name, writable=True, options=tuple(_NUMBERS))

    def decode(self, attributes: Attributes) -> State | None:
        value = attributes.get("start_up_on_off")
        return None if value is None else _WORDS.get(int(value))

    async def command(
        self, cluster: Cluster, value: State, transition_s: float | None = None
    ) -> None:
        del transition_s
        await cluster.write({"start_up_on_off": _NUMBERS[str(value)]})
