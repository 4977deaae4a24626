"""What is said and may not stay: in memory only, of few conversations, and not for long."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from pichat.llm.base import Message
from pichat.store.history import whole
from pichat.store.messages import StoredMessage

MOST_CONVERSATIONS = 64
MOST_MESSAGES = 24
LIFE_S = 600.0
"""After the last word."""

Key = tuple[str, str]
"""Who, and in which conversation."""


@dataclass(slots=True)
class _Talk:
    messages: list[StoredMessage] = field(default_factory=list)
    last_s: float = 0.0


class Fleeting:
    """The conversations that were said something in last."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._talks: OrderedDict[Key, _Talk] = OrderedDict()

    def add(self, key: Key, *messages: StoredMessage) -> None:
        """What was said; the oldest of it goes when there is much."""
        self._clear()
        talk = self._talks.setdefault(key, _Talk())
        talk.messages = [*talk.messages, *messages][-MOST_MESSAGES:]
        talk.last_s = self._clock()
        self._talks.move_to_end(key)
        while len(self._talks) > MOST_CONVERSATIONS:
            self._talks.popitem(last=False)

    def of(self, key: Key, without_turn: str) -> tuple[Message, ...]:
        """What was said there before that turn, as a model can be asked with it."""
        self._clear()
        talk = self._talks.get(key, _Talk())
        return whole([each.message for each in talk.messages if each.turn_id != without_turn])

    def forget(self, conversation_id: str) -> None:
        """Its connection has gone."""
        # Each person who speaks on it has another, whose id begins with it.
        for key in [key for key in self._talks if key[1].startswith(conversation_id)]:
            del self._talks[key]

    def _clear(self) -> None:
        late_s = self._clock() - LIFE_S
        while self._talks and next(iter(self._talks.values())).last_s < late_s:
            self._talks.popitem(last=False)
