"""Calls that wait for a person's yes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import uuid4

from pichat.bus import Bus
from pichat.errors import BusyError, NotAllowedError, NotFoundError
from pichat.events import Answered, Question, Source, ToolCall
from pichat.tools.patterns import permits

LIFE_S = 30.0
MOST_OPEN = 16
PEOPLE: frozenset[Source] = frozenset({"voice", "screen", "shell"})
"""Behind these is a person of the house; a visitor, a child, a model or another program cannot say
yes."""

_NOT_YOURS = "Somebody of the house has to answer that, with their own voice or screen."


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question is about. `devices`: the ids of those that the yes is for."""

    call: ToolCall
    text: str
    devices: frozenset[str]
    source: Source


@dataclass(frozen=True, slots=True)
class _Open:
    question: Question
    asked: Asked
    expiry: asyncio.TimerHandle


class Questions:
    """The open ones, oldest first. The bus hears of each when it is asked and when it is over;
    `expired` is called for one that nobody answered in time."""

    def __init__(self, bus: Bus, expired: Callable[[Question, Asked], None]) -> None:
        self._bus = bus
        self._expired = expired
        self._open: dict[str, _Open] = {}

    def ask(self, asked: Asked, *, turn_id: str, conversation_id: str) -> Question:
        """Open a question. The same one of the same conversation is asked anew, not twice. Raises
        BusyError when many are open."""
        self._forget_same(asked, conversation_id)
        if len(self._open) >= MOST_OPEN:
            raise BusyError("Too many questions are waiting for an answer already.")
        question = Question(
            id=uuid4().hex,
            text=asked.text,
            call=asked.call,
            conversation_id=conversation_id,
            turn_id=turn_id,
            expires_s=time.time() + LIFE_S,
        )
        expiry = asyncio.get_running_loop().call_later(LIFE_S, self._expire, question.id)
        self._open[question.id] = _Open(question, asked, expiry)
        self._bus.publish(question)
        return question

    def answer(
        self,
        question_id: str,
        *,
        yes: bool,
        source: Source,
        turn_id: str,
        allowed: Sequence[str] | None = None,
    ) -> tuple[Question, Asked]:
        """End a question by a person's answer. Raises NotFoundError when it is not open (any more),
        and NotAllowedError when the answer does not count; it then stays open."""
        found = self._open.get(question_id)
        if found is None:
            raise NotFoundError("Nothing waits for that answer any more.")
        if source not in PEOPLE:
            raise NotAllowedError(_NOT_YOURS)
        if not permits(allowed, found.asked.call.name):
            raise NotAllowedError("That is nothing that you may decide.")
        if turn_id == found.question.turn_id:
            raise NotAllowedError("What asks for something cannot also be its confirmation.")
        self._end(found, "yes" if yes else "no")
        return found.question, found.asked

    def open_for(self, conversation_id: str) -> Question | None:
        """The newest question of a conversation: the one that a spoken yes means."""
        if not conversation_id:
            return None
        mine = (q for q in reversed(self.open()) if q.conversation_id == conversation_id)
        return next(mine, None)

    def open(self) -> tuple[Question, ...]:
        """All that wait, oldest first."""
        return tuple(each.question for each in self._open.values())

    def _forget_same(self, asked: Asked, conversation_id: str) -> None:
        for each in list(self._open.values()):
            if each.asked.call == asked.call and each.question.conversation_id == conversation_id:
                self._expire(each.question.id)

    def _expire(self, question_id: str) -> None:
        found = self._open[question_id]
        self._end(found, "expired")
        self._expired(found.question, found.asked)

    def _end(self, found: _Open, answer: Literal["yes", "no", "expired"]) -> None:
        del self._open[found.question.id]
        found.expiry.cancel()
        self._bus.publish(Answered(id=found.question.id, answer=answer))
