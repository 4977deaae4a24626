"""Fans: their modes, the same as on and off, and as percent."""

from __future__ import annotations

from pichat.errors import UnsupportedError
from pichat.events import Capability, State
from pichat.zigbee.converter import Attributes, Cluster, Converter, Report, converter
from pichat.zigbee.kinds import on_off  # noqa: F401 -- its cluster comes first, if there are both

_MODES = {0: "off", 1: "low", 2: "medium", 3: "high", 4: "on", 5: "auto", 6: "smart"}
_NUMBERS = {word: number for number, word in _MODES.items()}
_SEQUENCES = {
    0: ("off", "low", "medium", "high"),
    1: ("off", "low", "high"),
    2: ("off", "low", "medium", "high", "auto"),
    3: ("off", "low", "high", "auto"),
    4: ("off", "on", "auto"),
}
_PERCENT = {"low": 33, "medium": 66, "high": 100}


class _Fan(Converter):
    cluster_id = 0x0202
    reports = (Report(attribute="fan_mode"),)
    described_by = ("fan_mode_sequence",)

    def _options(self, attributes: Attributes) -> tuple[str, ...]:
        """What the device can be, with what it is."""
        sequence = attributes.get("fan_mode_sequence")
        options = _SEQUENCES.get(2 if sequence is None else int(sequence), _SEQUENCES[2])
        now = self._mode(attributes)
        return options if now is None or now in options else (*options, now)

    def _mode(self, attributes: Attributes) -> str | None:
        value = attributes.get("fan_mode")
        return None if value is None else _MODES.get(int(value))


@converter
class FanMode(_Fan):
    name = "fan_mode"

    def capability(self, attributes: Attributes) -> Capability:
        return Capability(name=self.name, writable=True, options=self._options(attributes))

    def decode(self, attributes: Attributes) -> State | None:
        return self._mode(attributes)

    async def command(
        self, cluster: Cluster, value: State, transition_s: float | None = None
    ) -> None:
        del transition_s
        await cluster.write({"fan_mode": _NUMBERS[str(value)]})


@converter
class FanSpeed(_Fan):
    """The steps of the fan as percent; a speed between two becomes the nearest step."""

    name = "fan_speed"

    def present(self, attributes: Attributes) -> bool:
        return super().present(attributes) and "high" in self._options(attributes)

    def capability(self, attributes: Attributes) -> Capability:
        del attributes
        return Capability(name=self.name, writable=True, unit="%", minimum=0, maximum=100)

    def decode(self, attributes: Attributes) -> State | None:
        """None while the fan chooses its speed by itself."""
        mode = self._mode(attributes)
        return 0 if mode == "off" else _PERCENT.get(mode or "")

    async def command(
        self, cluster: Cluster, value: State, transition_s: float | None = None
    ) -> None:
        del transition_s
        steps = [word for word in _PERCENT if word in self._options(cluster)]
        await cluster.write({"fan_mode": _NUMBERS[_step(float(value), steps)]})  # type: ignore[arg-type]

    def matches(self, wanted: State, actual: State) -> bool:
        """Within half the widest distance between two steps."""
        speed, now = float(wanted), float(actual)  # type: ignore[arg-type]
        return abs(speed - now) <= 34 and (speed > 0) == (now > 0)

    def elsewhere(self, value: State) -> tuple[str, State] | None:
        return ("fan_mode", "off") if value == 0 else None


@converter
class FanOnOff(_Fan):
    """Of fans without an on/off cluster of their own."""

    name = "on_off"

    def capability(self, attributes: Attributes) -> Capability:
        del attributes
        return Capability(name=self.name, writable=True)

    def decode(self, attributes: Attributes) -> State | None:
        mode = self._mode(attributes)
        return None if mode is None else mode != "off"

    async def command(
        self, cluster: Cluster, value: State, transition_s: float | None = None
    ) -> None:
        del transition_s
        if not isinstance(value, bool):
            raise UnsupportedError("A fan is either on or off.")
        options = self._options(cluster)
        on = next(word for word in ("on", "auto", "medium", "low") if word in options)
        await cluster.write({"fan_mode": _NUMBERS[on if value else "off"]})


def _step(percent: float, steps: list[str]) -> str:
    return min(steps, key=lambda word: abs(_PERCENT[word] - percent))
