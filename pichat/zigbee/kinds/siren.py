"""Sirens (the IAS warning device cluster).

A warning device has no attribute that tells whether it sounds. It is on when it has accepted the
command, which is the most that it says, and off when its duration is over; a siren that was started
by somebody else is not known of.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pichat.errors import UnsupportedError
from pichat.events import Capability, State
from pichat.zigbee.converter import Attributes, Cluster, Converter, converter

LONGEST_S = 180
"""However long the device could: neighbours, and in many places the law, bear no more."""

_BURGLAR = 1
_STROBE, _VERY_HIGH = 1, 3
_DUTY_PERCENT = 50


class _Warning(Converter):
    cluster_id = 0x0502
    reports = ()
    answered = True

    def decode(self, attributes: Attributes) -> State | None:
        del attributes
        return None


@converter
class Siren(_Warning):
    name = "siren"
    described_by = ("max_duration",)

    def capability(self, attributes: Attributes) -> Capability:
        del attributes
        return Capability(name=self.name, writable=True)

    async def command(
        self, cluster: Cluster, value: State, transition_s: float | None = None
    ) -> None:
        del transition_s
        if not isinstance(value, bool):
            raise UnsupportedError("A siren is either on or off.")
        await cluster.command(
            "start_warning",
            warning=_warning(_BURGLAR, _STROBE, _VERY_HIGH) if value else 0,
            warning_duration=_duration_s(cluster) if value else 0,
            strobe_duty_cycle=_DUTY_PERCENT if value else 0,
            strobe_level=_VERY_HIGH if value else 0,
        )

    def lasts_s(self, cluster: Cluster, value: State) -> float | None:
        return float(_duration_s(cluster)) if value is True else None


@converter
class Squawk(_Warning):
    """The short sound by which an alarm system says that it is armed or disarmed: an act."""

    name = "squawk"
    _MODES: ClassVar[dict[str, int]] = {"armed": 0, "disarmed": 1}

    def capability(self, attributes: Attributes) -> Capability:
        del attributes
        return Capability(name=self.name, writable=True, options=tuple(self._MODES))

    async def command(
        self, cluster: Cluster, value: State, transition_s: float | None = None
    ) -> None:
        del transition_s
        # Mode in the high four bits, then the strobe, then the level.
        await cluster.command("squawk", squawk=self._MODES[str(value)] << 4 | _STROBE << 3 | 1)


def _warning(mode: int, strobe: int, level: int) -> int:
    return mode << 4 | strobe << 2 | level


def _duration_s(attributes: Attributes) -> int:
    longest: Any = attributes.get("max_duration")
    return min(int(longest or LONGEST_S), LONGEST_S)
