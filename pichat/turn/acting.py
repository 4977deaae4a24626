"""The tool calls of one answer of a model, all at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from pichat.errors import BusyError, PiChatError
from pichat.events import Image, Question, ToolCall, ToolResult, TurnProgress, TurnTool
from pichat.llm.base import Call, Message, ToolSpec
from pichat.tools.remote import Progress
from pichat.tools.specs import failure_text, result_text

log = structlog.get_logger(__name__)

MOST_CALLS = 16
"""Of one answer; the model is told that the others were not made."""

LONGEST_READ = 16_000
"""Characters of a result from elsewhere that a model reads: some 4,000 tokens."""


class ModelTools(Protocol):
    """The tools as a model uses them in one turn. `specs`: those that it may use."""

    @property
    def specs(self) -> tuple[ToolSpec, ...]: ...

    async def run(
        self, call: Call, *, outside: bool, progress: Progress | None = None
    ) -> tuple[ToolCall, ToolResult]:
        """The call as it was understood, and its result. Raises a PiChatError, whose sentence helps
        the model, when nothing could be tried. `outside` and `progress`: see Toolbox.call."""
        ...


@dataclass(frozen=True, slots=True)
class Acted:
    """What came of a call: a message for the model, and either an event or the error because of
    which nothing was tried."""

    message: Message
    event: TurnTool | None = None
    error: PiChatError | None = None

    @property
    def question(self) -> Question | None:
        return self.event.result.question if self.event else None


async def act(
    calls: Sequence[Call],
    tools: ModelTools,
    turn_id: str,
    *,
    outside: bool,
    tell: Callable[[TurnProgress], None] | None = None,
) -> list[Acted]:
    """Make the calls, all at the same time. The results are in the calls' order. `outside`: text
    from outside the house may be behind them. `tell` hears how far they are. Raises nothing but
    what cancels it."""
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(_act(call, tools, turn_id, outside=outside, tell=tell))
            for call in calls[:MOST_CALLS]
        ]
    too_many = BusyError(f"This call was not made: {MOST_CALLS} are the most at a time.")
    return [task.result() for task in tasks] + [_failed(c, too_many) for c in calls[MOST_CALLS:]]


async def _act(
    call: Call,
    tools: ModelTools,
    turn_id: str,
    *,
    outside: bool,
    tell: Callable[[TurnProgress], None] | None,
) -> Acted:
    def progress(done: float, total: float | None, message: str) -> None:
        event = TurnProgress(
            turn_id=turn_id, name=call.name, progress=done, total=total, message=message
        )
        if tell is not None:
            tell(event)

    started_s = time.monotonic()
    try:
        tool_call, result = await tools.run(call, outside=outside, progress=progress)
        text = _readable(result)
    except PiChatError as error:
        return _failed(call, error)
    except Exception:  # the owner's boundary: one tool's defect must not cost the others' results
        log.exception("tool failed", tool=call.name, turn_id=turn_id)
        return _failed(call, PiChatError.unexpected(turn_id))
    event = TurnTool(
        turn_id=turn_id,
        call=tool_call,
        result=result,
        started_s=started_s,
        duration_ms=round((time.monotonic() - started_s) * 1000, 3),
    )
    message = result_message(call, text, outside=result.outside, images=result.images)
    return Acted(message, event)


def _readable(result: ToolResult) -> str:
    """The result for a model. One from elsewhere may be as long as a book."""
    text = result_text(result)
    if not result.outside or len(text) <= LONGEST_READ:
        return text
    return f"{text[:LONGEST_READ]} [It has {len(text)} characters; this is the beginning.]"


def _failed(call: Call, error: PiChatError) -> Acted:
    log.info("tool not called", tool=call.name, code=error.code)
    return Acted(result_message(call, failure_text(error)), error=error)


def result_message(
    call: Call, text: str, *, outside: bool = False, images: tuple[Image, ...] = ()
) -> Message:
    """What the model reads of a call."""
    return Message(
        role="tool", text=text, call_id=call.id, name=call.name, outside=outside, images=images
    )
