"""Intents that take up a scene."""

from __future__ import annotations

from pichat.events import ToolCall
from pichat.intents.match import Match, Meaning, means


@means("PiChatActivateScene")
def activate_scene(match: Match) -> Meaning | None:
    """A scene by its name."""
    scene = str(match.slots["scene"])
    return Meaning(calls=(ToolCall(name="activate_scene", arguments={"scene": scene}),))
