"""Letting new devices in by a sentence."""

from __future__ import annotations

from pichat.events import ToolCall
from pichat.intents.match import Match, Meaning, means

_OPEN_S = 120


@means("PiChatPermitJoin")
def permit_join(match: Match) -> Meaning:
    """For two minutes, or no longer."""
    duration_s = _OPEN_S if match.slots["wanted"] == "open" else 0
    return Meaning(calls=(ToolCall(name="permit_join", arguments={"duration_s": duration_s}),))
