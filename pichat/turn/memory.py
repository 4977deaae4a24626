"""Keeps what was said in turns, and what of it was really heard."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Protocol

import structlog

from pichat.bus import Bus
from pichat.errors import BusyError, UnavailableError
from pichat.events import AnswerHeard, Utterance
from pichat.llm.base import Message
from pichat.llm.pictures import without_images
from pichat.store.messages import LARGEST_IMAGES_BYTES, StoredMessage
from pichat.turn.ending import Ending
from pichat.turn.fleeting import Fleeting, Key

log = structlog.get_logger(__name__)

_MESSAGES = 24  # of a conversation that a model is told
_GLANCE_S = 0.25
_MOST_KNOWN = 1000
_PATIENCE_S = 1.0  # for the disk, before a turn is told to be over


class Conversations(Protocol):
    """See store.conversations.Conversations."""

    def add_later(
        self, *messages: StoredMessage, profile: str = "default", user_id: str = "house"
    ) -> None: ...

    async def flushed(self) -> None: ...

    async def history(
        self,
        conversation_id: str,
        limit_messages: int,
        *,
        without_turn: str = "",
        user_id: str = "house",
    ) -> tuple[Message, ...]: ...

    async def check(self, conversation_id: str, user_id: str) -> None: ...

    async def set_heard(self, turn_id: str, text: str, cut_off: bool) -> None: ...


class Memory:
    """Run `serve` beside it. A disk that takes nothing costs a turn a second, and no more."""

    def __init__(self, conversations: Conversations, bus: Bus) -> None:
        self._conversations = conversations
        self._bus = bus
        self._fleeting = Fleeting()
        self._known: OrderedDict[Key, None] = OrderedDict()  # whose conversation is theirs

    async def serve(self) -> None:
        """Correct what was kept when less was heard, until cancelled."""
        while True:
            with self._bus.subscribe(AnswerHeard) as heard, suppress(BusyError):
                async for answer in heard:
                    await self._correct(answer)

    async def check(self, utterance: Utterance) -> None:
        """Raises NotFoundError when it is said in somebody else's conversation. A disk that cannot
        tell, or not soon, keeps nobody waiting: nothing would be read or kept there anyway. Where
        one speaks, PiChat itself begins the conversations."""
        key = _whose(utterance)
        if not self._stays(utterance) or utterance.source == "voice" or key in self._known:
            return
        with suppress(TimeoutError, UnavailableError):
            async with asyncio.timeout(_GLANCE_S):
                await self._conversations.check(utterance.conversation_id, utterance.user_id)
            self._known[key] = None
        if len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)

    def forget(self, conversation_id: str) -> None:
        """Its connection has gone, and with it what may not stay."""
        self._fleeting.forget(conversation_id)

    async def before(self, utterance: Utterance) -> tuple[Message, ...]:
        """What was said in its conversation before it, oldest first; of pictures only the newest,
        as many as a request may well have."""
        if not utterance.kept:
            return self._fleeting.of(_whose(utterance), utterance.turn_id)
        history = await self._conversations.history(
            utterance.conversation_id,
            _MESSAGES,
            without_turn=utterance.turn_id,
            user_id=utterance.user_id,
        )
        return _with_newest_images(history)

    def asked(self, utterance: Utterance, text: str, profile: str) -> None:
        """A person said something; kept behind the turn's back."""
        message = Message(role="user", text=text, images=utterance.images)
        self._keep(utterance, profile, StoredMessage.new(*_place(utterance), message))

    def answered(
        self,
        utterance: Utterance,
        profile: str,
        ending: Ending,
        timings_ms: dict[str, float],
        code: str | None,
    ) -> None:
        """That was answered; kept behind the turn's back, until `kept`."""
        known: dict[str, Any] = {
            "provider": ending.provider,
            "model": ending.model,
            "tokens": ending.tokens,
            "timings_ms": timings_ms,
            "tried": ending.tried,
            "code": code,
            "cut_off": ending.cut_off,
        }
        *before, last = ending.messages or (Message(role="assistant", text=ending.text),)
        stored = [StoredMessage.new(*_place(utterance), each) for each in before]
        stored.append(StoredMessage.new(*_place(utterance), last, **known))
        self._keep(utterance, profile, *stored)

    async def kept(self) -> None:
        """Return when everything is on the disk, or the disk has had a second for it."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self._conversations.flushed()
        except (TimeoutError, UnavailableError):
            log.warning("what was said is not on the disk yet")

    def _keep(self, utterance: Utterance, profile: str, *messages: StoredMessage) -> None:
        if self._stays(utterance):
            self._conversations.add_later(*messages, profile=profile, user_id=utterance.user_id)
        elif utterance.conversation_id and utterance.history is None:
            self._fleeting.add(_whose(utterance), *messages)

    @staticmethod
    def _stays(utterance: Utterance) -> bool:
        return bool(utterance.conversation_id) and utterance.history is None and utterance.kept

    async def _correct(self, answer: AnswerHeard) -> None:
        try:
            await self._conversations.set_heard(
                answer.turn_id, answer.text, cut_off=not answer.whole
            )
        except UnavailableError as error:
            log.warning("what was not heard stays in the history", reason=error.sentence)


def _with_newest_images(history: Sequence[Message]) -> tuple[Message, ...]:
    left = LARGEST_IMAGES_BYTES
    found: list[Message] = []
    for message in reversed(history):
        left -= sum(len(image.data) for image in message.images)
        found.append(message if left >= 0 else without_images(message))
    return tuple(reversed(found))


def _whose(utterance: Utterance) -> Key:
    return utterance.user_id, utterance.conversation_id


def _place(utterance: Utterance) -> tuple[str, str]:
    return utterance.conversation_id, utterance.turn_id
