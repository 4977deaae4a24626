"""Intents that ask whether something is wrong, and what is in the air."""

from __future__ import annotations

from pichat.events import ToolCall
from pichat.intents.match import Match, Meaning, asking, means

ALARMS = ("water_leak", "smoke", "gas", "vibration", "tamper")
_IN_THE_AIR = ("co2", "pm25", "formaldehyde", "carbon_monoxide")


@means("PiChatGetAlarm", needs=ALARMS)
def alarm(match: Match) -> Meaning | None:
    """ "Is there a leak": of every sensor there that could tell."""
    return asking(match, str(match.slots["capability"]))


@means("PiChatGetAirQuality", needs=_IN_THE_AIR)
def air_quality(match: Match) -> Meaning | None:
    """Everything that is measured there of the air, one question each."""
    calls: list[ToolCall] = []
    for capability in _IN_THE_AIR:
        if meaning := asking(match, capability):
            calls += meaning.calls
    return Meaning(calls=tuple(calls)) if calls else None
