"""A command that the intents understood: done at once, without a model."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Protocol

import structlog

from pichat.errors import PiChatError, WaitingError
from pichat.events import Question, ToolResult, TurnText, TurnTool, Utterance
from pichat.intents.understood import Understood
from pichat.logs import turn_context
from pichat.tools.base import Toolbox
from pichat.turn.ending import Ending, said
from pichat.turn.stopwatch import Stopwatch

log = structlog.get_logger(__name__)
INTENTS = "intents"
_NOT_YOURS = "Somebody of the house has to say yes to that."


class Answers(Protocol):
    """Who words what was done."""

    def answer(self, understood: Understood, results: Sequence[ToolResult]) -> str: ...


class ByIntents:
    """Implements Way. `asked` is told of a question that has to be answered first."""

    provider = INTENTS
    answered = True

    def __init__(
        self,
        text: str,
        understood: Understood,
        utterance: Utterance,
        answers: Answers,
        tools: Toolbox,
        asked: Callable[[Question, Understood], None],
    ) -> None:
        self.text = text
        self._understood = understood
        self._utterance = utterance
        self._answers = answers
        self._tools = tools
        self._asked = asked

    async def events(self, clock: Stopwatch) -> AsyncGenerator[TurnText | TurnTool | Ending, None]:
        """See Way."""
        results: list[ToolResult] = []
        utterance = self._utterance
        for call in self._understood.calls:
            started_s = time.monotonic()
            with turn_context(turn_id=utterance.turn_id):
                log.info("tool", tool=call.name)
                result = await self._tools.call(
                    call,
                    source=utterance.source,
                    turn_id=utterance.turn_id,
                    conversation_id=utterance.conversation_id,
                    allowed=utterance.terms.tools,
                )
            results.append(result)
            yield TurnTool(
                turn_id=utterance.turn_id,
                call=call,
                result=result,
                started_s=started_s,
                duration_ms=clock.mark("act"),
            )
        ending = self._ending(results)
        if ending.text:
            yield TurnText(turn_id=utterance.turn_id, text=ending.text)
        yield ending

    def so_far(self) -> Ending | None:
        """See Way."""
        return None

    def _ending(self, results: Sequence[ToolResult]) -> Ending:
        questions = [each.question for each in results if each.question is not None]
        for question in questions:
            self._asked(question, self._understood)
        if questions:
            asked = [question.text for question in questions]
            if self._utterance.source == "guest":
                asked.append(_NOT_YOURS)
            return said(" ".join(asked), INTENTS)
        error = first_failure(results)
        text = self._answers.answer(self._understood, results) or (error.sentence if error else "")
        return said(text, INTENTS, error)


def first_failure(results: Sequence[ToolResult]) -> PiChatError | None:
    """Of the first device that did not do it; of one that only sleeps when none failed."""
    failed = (outcome for result in results for outcome in result.outcomes if not outcome.ok)
    for outcome in sorted(failed, key=lambda each: each.error_code == WaitingError.code):
        return PiChatError.of(outcome.error_code, outcome.error or "")
    return None
