"""A conversation with everything in it, and what comes of a stream for the next request."""

from __future__ import annotations

from typing import Any

from pichat.config.types import ModelParameters
from pichat.events import Image
from pichat.llm.base import Call, CallDelta, Ended, LlmEvent, Message, Request, TextDelta, ToolSpec

PIXEL = b"\x89PNG\r\n\x1a\n picture"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "on": {"type": "boolean"}},
    "required": ["name"],
    "additionalProperties": False,
}
SWITCH = ToolSpec(name="switch", description="Switch a device.", parameters=SCHEMA)
CLOCK = ToolSpec(
    name="get_time", description="The time.", parameters={"type": "object", "properties": {}}
)
PARAMETERS = ModelParameters(temperature=0.5, top_p=0.9, max_tokens=100, seed=7, stop=("END",))


def answered(events: list[LlmEvent], by: str) -> Message:
    """The message that a turn makes of a stream."""
    text, calls, extra = "", dict[int, Call](), dict[str, Any]()
    for event in events:
        match event:
            case TextDelta():
                text += event.text
            case CallDelta():
                old = calls.get(event.index, Call(id=event.id, name=event.name, arguments=""))
                calls[event.index] = Call(
                    id=old.id,
                    name=old.name,
                    arguments=old.arguments + event.arguments,
                    extra={**old.extra, **event.extra},
                )
            case Ended():
                extra = event.extra
    return Message(
        role="assistant", text=text, calls=tuple(calls.values()), extra=extra, extra_of=by
    )


def after(answer: Message, *, context: str = "") -> Request:
    """The request that brings the results of an answer's calls."""
    results = [
        Message(role="tool", call_id=call.id, name=call.name, text=f"result {number}")
        for number, call in enumerate(answer.calls)
    ]
    return Request(
        system="Be brief.",
        messages=(
            Message(
                role="user", text="Light?", images=(Image(media_type="image/png", data=PIXEL),)
            ),
            answer,
            *results,
        ),
        context=context,
        tools=(SWITCH, CLOCK),
    )
