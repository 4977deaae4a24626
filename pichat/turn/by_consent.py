"""A yes or a no to what PiChat asked before it does something."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator

from pichat.events import Question, ToolResult, TurnText, TurnTool, Utterance
from pichat.intents.understood import Understood
from pichat.tools.base import Toolbox
from pichat.turn.by_intents import INTENTS, Answers, first_failure
from pichat.turn.deeds import Deeds
from pichat.turn.ending import Ending, said
from pichat.turn.stopwatch import Stopwatch

_LEFT = {"en": "All right, I leave it."}


class ByConsent:
    """Implements Way. `understood`: what the question was about, where the intents had it."""

    provider = INTENTS
    answered = True

    def __init__(
        self,
        text: str,
        question: Question,
        utterance: Utterance,
        tools: Toolbox,
        answers: Answers,
        understood: Understood | None,
        *,
        yes: bool,
        language: str,
    ) -> None:
        self.text = text
        self._question = question
        self._utterance = utterance
        self._tools = tools
        self._answers = answers
        self._understood = understood
        self._yes = yes
        self._language = language

    async def events(self, clock: Stopwatch) -> AsyncGenerator[TurnText | TurnTool | Ending, None]:
        """See Way."""
        utterance, question = self._utterance, self._question
        started_s = time.monotonic()
        result = await self._tools.confirm(
            question.id,
            yes=self._yes,
            source=utterance.source,
            turn_id=utterance.turn_id,
            allowed=utterance.terms.tools,
        )
        if self._yes:
            yield TurnTool(
                turn_id=utterance.turn_id,
                call=question.call,
                result=result,
                started_s=started_s,
                duration_ms=clock.mark("act"),
            )
        ending = said(self._told(result), INTENTS, first_failure([result]))
        yield TurnText(turn_id=utterance.turn_id, text=ending.text)
        yield ending

    def so_far(self) -> Ending | None:
        """See Way."""
        return None

    def _told(self, result: ToolResult) -> str:
        if not self._yes:
            return _LEFT.get(self._language, "OK.")
        if self._understood is not None:
            return self._answers.answer(self._understood, [result])
        deeds = Deeds()
        deeds.note(result)
        return deeds.told() or "OK."
