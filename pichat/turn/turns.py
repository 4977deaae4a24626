"""A turn: understand, act through the tools, answer; streamed as events to whoever asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Protocol

import structlog

from pichat.bus import Bus
from pichat.errors import CancelledByUserError, NotUnderstoodError, PiChatError
from pichat.events import (
    ToolCall,
    ToolResult,
    TurnEvent,
    TurnFinished,
    TurnStarted,
    TurnText,
    TurnTool,
    Utterance,
)
from pichat.intents.gate import Understanding, try_each
from pichat.intents.understood import Understood
from pichat.logs import turn_context
from pichat.tools.base import Toolbox

log = structlog.get_logger(__name__)


class Intents(Understanding, Protocol):
    """What a turn needs of the intents."""

    def answer(self, understood: Understood, results: Sequence[ToolResult]) -> str: ...

    def not_understood(self) -> str: ...


class _Clock:
    """Milliseconds of each stage of one turn."""

    def __init__(self) -> None:
        self._start_s = self._last_s = time.monotonic()
        self.timings_ms: dict[str, float] = {}

    def mark(self, stage: str) -> float:
        """Note the time since the previous mark as `stage`, and return it."""
        now_s = time.monotonic()
        self.timings_ms[stage] = round((now_s - self._last_s) * 1000, 3)
        self.timings_ms["total"] = round((now_s - self._start_s) * 1000, 3)
        self._last_s = now_s
        return self.timings_ms[stage]


class Turns:
    """Runs turns. Every event goes to the caller and, the same, to the bus."""

    def __init__(self, intents: Intents, tools: Toolbox, bus: Bus) -> None:
        self._intents = intents
        self._tools = tools
        self._bus = bus

    async def run(self, utterance: Utterance) -> AsyncGenerator[TurnEvent, None]:
        """The turn's events, `TurnStarted` first and `TurnFinished` last, whatever happens.

        Closing the iterator ends the turn; a command that is on its way to a device by then is
        not taken back.
        """
        under_way = False
        try:
            async for event in self._events(utterance):
                under_way = not isinstance(event, TurnFinished)
                self._bus.publish(event)
                yield event
        finally:
            if under_way:
                self._bus.publish(
                    _end(utterance, "", CancelledByUserError("It was cancelled."), _Clock())
                )

    async def command_in(self, utterance: Utterance) -> str | None:
        """The likeliest candidate that is a command of this house, if any is."""
        text, understood = await self._understand(utterance)
        return text if understood is not None else None

    async def _events(self, utterance: Utterance) -> AsyncIterator[TurnEvent]:
        clock = _Clock()
        text, understood = await self._understand(utterance)
        clock.mark("understand")
        yield TurnStarted(
            turn_id=utterance.turn_id,
            conversation_id=utterance.conversation_id,
            source=utterance.source,
            text=text,
            provider="intents",
        )
        results: list[ToolResult] = []
        answer = ""
        error: PiChatError | None
        error = None if understood else NotUnderstoodError(self._intents.not_understood())
        try:
            for call in understood.calls if understood else ():
                started_s = time.monotonic()
                results.append(await self._call(call, utterance))
                yield TurnTool(
                    turn_id=utterance.turn_id,
                    call=call,
                    result=results[-1],
                    started_s=started_s,
                    duration_ms=clock.mark("act"),
                )
            if understood is not None:
                answer = self._intents.answer(understood, results)
                error = _first_failure(results)
        except PiChatError as expected:
            error = expected
        except Exception:  # the turn's boundary: whoever spoke hears of it, the log has the rest
            log.exception("turn failed", turn_id=utterance.turn_id)
            error = PiChatError.unexpected(utterance.turn_id)
        if error is not None:
            answer = answer or error.sentence
        clock.mark("answer")
        if answer:
            yield TurnText(turn_id=utterance.turn_id, text=answer)
        yield _end(utterance, answer, error, clock)

    async def _call(self, call: ToolCall, utterance: Utterance) -> ToolResult:
        with turn_context(turn_id=utterance.turn_id):
            log.info("tool", tool=call.name)
            return await self._tools.call(call, source=utterance.source, turn_id=utterance.turn_id)

    async def _understand(self, utterance: Utterance) -> tuple[str, Understood | None]:
        """The first candidate that is a home command, else the likeliest as it is."""
        for passed in try_each(self._intents, utterance.candidates, utterance.area):
            if passed is not None:
                return passed
            # To refuse speech takes all of them: the radio has its turn in between.
            await asyncio.sleep(0)
        return next(iter(utterance.candidates), ""), None


def _first_failure(results: Sequence[ToolResult]) -> PiChatError | None:
    failed = (outcome for result in results for outcome in result.outcomes if not outcome.ok)
    for outcome in failed:
        return PiChatError.of(outcome.error_code, outcome.error or "")
    return None


def _end(utterance: Utterance, text: str, error: PiChatError | None, clock: _Clock) -> TurnFinished:
    return TurnFinished(
        turn_id=utterance.turn_id,
        conversation_id=utterance.conversation_id,
        text=text,
        provider="intents",
        code=error.code if error else None,
        retryable=error is not None and error.retryable,
        timings_ms=clock.timings_ms,
    )
