"""On and off, of lights, plugs and switches."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from pichat.errors import UnsupportedError
from pichat.events import Capability, State
from pichat.zigbee.converter import Attributes, Cluster, Converter, Report, converter, tenths

_LEVEL_CONTROL = 0x0008
_LEAST, _FULL, _UNSET = 1, 254, 0xFF
_EXECUTE_IF_OFF = 0x01


@converter
class OnOff(Converter):
    name = "on_off"
    cluster_id = 0x0006
    reports = (Report(attribute="on_off"),)
    apart = True

    def capability(self, attributes: Attributes) -> Capability:
        del attributes
        return Capability(name=self.name, writable=True)

    def decode(self, attributes: Attributes) -> State | None:
        value = attributes.get("on_off")
        return None if value is None else bool(value)

    async def command(
        self, cluster: Cluster, value: State, transition_s: float | None = None
    ) -> None:
        if not isinstance(value, bool):
            raise UnsupportedError("It is either on or off.")
        level = cluster.beside(_LEVEL_CONTROL) if transition_s else None
        if level is None or not level.supported("current_level"):
            await cluster.command("on" if value else "off")
            return
        await level.command(
            "move_to_level_with_on_off",
            level=_level_when_on(level) if value else 0,
            transition_time=tenths(transition_s),
        )

    def afterwards(self, cluster: Cluster, value: State) -> Callable[[], Awaitable[None]] | None:
        """Lights that have faded out differ in where they start from when they are switched on:
        some would stay at the least level. They are given back the level that they had."""
        level = cluster.beside(_LEVEL_CONTROL)
        before = None if level is None else level.get("current_level")
        if value is not False or level is None or before is None or int(before) <= _LEAST:
            return None

        async def restore() -> None:
            if int(level.get("current_level") or 0) <= _LEAST:
                await level.command(
                    "move_to_level",
                    level=int(before),
                    transition_time=0,
                    options_mask=_EXECUTE_IF_OFF,
                    options_override=_EXECUTE_IF_OFF,
                )

        return restore


def _level_when_on(level: Attributes) -> int:
    """Where the light would go by itself when it is switched on."""
    on_level = level.get("on_level")
    if on_level is not None and on_level != _UNSET:
        return int(on_level)
    last = level.get("current_level")
    return _FULL if last is None or int(last) <= _LEAST else min(int(last), _FULL)
