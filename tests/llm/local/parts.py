"""What the tests of the local model share: requests, tools, and what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from pichat.config.types import ModelParameters
from pichat.llm.base import CallDelta, Ended, LlmEvent, Message, Request, TextDelta, ToolSpec, Usage

SYSTEM = "You are PiChat, the voice of this house. Answer in one short sentence."
LIGHT = ToolSpec(
    name="set_device_state",
    description="Turn a device on or off.",
    parameters={
        "type": "object",
        "properties": {
            "device": {"type": "string", "enum": ["kitchen light", "hallway light"]},
            "on": {"type": "boolean"},
            "brightness": {"type": "integer", "minimum": 0, "maximum": 100},
        },
        "required": ["device"],
        "additionalProperties": False,
    },
)


def asked(*texts: str, **fields: Any) -> Request:
    """A conversation in which the person said `texts`, and each but the last was answered."""
    messages: list[Message] = []
    for text in texts:
        messages += [Message(role="user", text=text), Message(role="assistant", text="Yes.")]
    fields = {"system": SYSTEM, "messages": tuple(messages[:-1]), **fields}
    return Request(**fields)


def with_parameters(request: Request, **parameters: Any) -> Request:
    return msgspec.structs.replace(request, parameters=ModelParameters(**parameters))


def said(events: Sequence[LlmEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def called(events: Sequence[LlmEvent]) -> list[tuple[str, Any]]:
    return [
        (event.name, msgspec.json.decode(event.arguments))
        for event in events
        if isinstance(event, CallDelta)
    ]


def usage(events: Sequence[LlmEvent]) -> Usage:
    (found,) = (event for event in events if isinstance(event, Usage))
    return found


def reason(events: Sequence[LlmEvent]) -> str:
    last = events[-1]
    assert isinstance(last, Ended)
    return last.reason
