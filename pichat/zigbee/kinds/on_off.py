"""On and off, of lights, plugs and switches."""

from __future__ import annotations

from pichat.errors import UnsupportedError
from pichat.events import Capability, State
from pichat.zigbee.converter import Attributes, Cluster, Converter, Report, converter


@converter
class OnOff(Converter):
    name = "on_off"
    cluster_id = 0x0006
    reports = (Report(attribute="on_off"),)

    def capability(self, attributes: Attributes) -> Capability:
        del attributes
        return Capability(name=self.name, writable=True)

    def decode(self, attributes: Attributes) -> State | None:
        value = attributes.get("on_off")
        return None if value is None else bool(value)

    async def command(self, cluster: Cluster, value: State) -> None:
        if not isinstance(value, bool):
            raise UnsupportedError("It is either on or off.")
        await cluster.command("on" if value else "off")
