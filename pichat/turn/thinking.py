"""The loop of a model and the tools: it answers, or calls tools and reads what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Protocol

import msgspec

from pichat.config.types import Profile, Step
from pichat.errors import CancelledByUserError, PiChatError
from pichat.events import Image, Question, Tokens, Tried, TurnProgress, TurnText
from pichat.llm.attempt import Answering
from pichat.llm.base import Call, Message, Request, Usage
from pichat.llm.chain import ChainEvent, CutOffError
from pichat.llm.errors import ModelFailedError
from pichat.tools.specs import failure_text
from pichat.turn.acting import Acted, ModelTools, act, result_message
from pichat.turn.deeds import Deeds
from pichat.turn.ending import Happened
from pichat.turn.model_answer import ModelAnswer, tokens_of

ROUNDS = 5
"""Answers of a model in one turn. In the last one it may not call a tool."""

_BROKE_OFF = "… Sorry, the rest of the answer did not come."
_THEN_SILENT = "Then no language model answered any more."
_BLIND = "I cannot see the picture, only read what you wrote. "
_NOTHING = "The language model gave no answer."
_INTERRUPTED = CancelledByUserError("It was interrupted; whether it was done is not known.")


class Models(Protocol):
    """Who is asked: see Chain."""

    def stream(
        self, steps: Sequence[Step], request: Request, *, may_use_cloud: bool
    ) -> AsyncGenerator[ChainEvent, None]: ...


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a person said, and what a model has to know to answer. `system` is as stable as the
    tools are; `context` is of now. `outside`: this turn has already read text from outside."""

    turn_id: str
    text: str
    images: tuple[Image, ...] = ()
    history: tuple[Message, ...] = ()
    system: str
    context: str = ""
    profile: Profile
    profile_name: str = "default"
    outside: bool = False


class Thought(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. `text` is all that was said. `messages`: what to keep after the person's own
    message. `cut_off`: the answer is not whole. `error`: what failed, of models or of devices; the
    text has told it. `provider` and `model`: the last that answered."""

    text: str
    messages: tuple[Message, ...]
    provider: str | None
    model: str | None
    tokens: Tokens | None
    tried: tuple[Tried, ...]
    cut_off: bool
    error: PiChatError | None


class Thinking:
    """One turn of it. Read `events` once, to the end or not; `so_far` tells where it stands."""

    def __init__(self, models: Models, tools: ModelTools, wish: Wish) -> None:
        self._models = models
        self._tools = tools
        self._wish = wish
        self._specs = tools.specs
        self._steps: Sequence[Step] = wish.profile.steps
        self._messages: list[Message] = []
        self._under_way: tuple[Call, ...] = ()
        self._acted: list[Acted] = []  # of the newest calls
        self._answer = ModelAnswer()
        self._by: Answering | None = None
        self._usages: list[Usage] = []
        self._tried: list[Tried] = []
        self._deeds = Deeds()
        self._text = ""
        self._said = ""  # since the tools were used last
        self._whole = False
        self._told_blind = False
        self._error: PiChatError | None = None

    async def events(self) -> AsyncGenerator[Happened | Thought, None]:
        """Words and tools as they come, the `Thought` last. Raises no PiChatError: what failed is
        said. Closing it cancels the model; a command on its way to a device is not taken back."""
        try:
            async with aclosing(self._rounds()) as events:
                async for event in events:
                    yield event
        except PiChatError as error:
            self._error = error
        begun = bool(self._text or self._messages)
        broken = self._error is not None and begun
        self._whole = not broken and self._answer.reason != "length"
        if closing := self._closing():
            yield self._say(closing)
        yield self.so_far()

    def so_far(self) -> Thought:
        """Complete once `events` has ended; before that, the answer counts as cut off."""
        messages = [*self._messages]
        messages += [result_message(call, failure_text(_INTERRUPTED)) for call in self._under_way]
        if self._said:
            messages.append(self._message(()))
        return Thought(
            text=self._text,
            messages=tuple(messages),
            provider=self._by.provider if self._by else None,
            model=self._by.model if self._by else None,
            tokens=tokens_of([*self._usages, self._answer.usage]),
            tried=tuple(self._tried),
            cut_off=not self._whole,
            error=self._error or self._deeds.failure,
        )

    async def _rounds(self) -> AsyncGenerator[Happened, None]:
        for left in reversed(range(ROUNDS)):
            request = self._request(may_call=left > 0)
            asked = self._models.stream(
                self._steps, request, may_use_cloud=self._wish.profile.may_use_cloud
            )
            async with aclosing(asked) as events:
                async for event in events:
                    if words := self._take(event):
                        yield self._say(words)
            calls = self._answer.calls() if left else ()
            if not calls:
                return
            async with aclosing(self._act(calls)) as deeds:
                async for deed in deeds:
                    yield deed
            if question := _newest_question(self._acted):
                yield self._say(_asking(self._acted, question))
                return

    def _request(self, *, may_call: bool) -> Request:
        wish = self._wish
        user = Message(role="user", text=wish.text, images=wish.images)
        return Request(
            system=wish.system,
            messages=(*wish.history, user, *self._messages),
            context=wish.context,
            tools=self._specs,
            tool_choice="auto" if may_call else "none",
            parameters=wish.profile.parameters,
            profile=wish.profile_name,
        )

    def _take(self, event: ChainEvent) -> str:
        """The words that are to be said; the rest is noted."""
        match event:
            case Tried():
                self._tried.append(event)
                self._next_answer()
                return ""
            case Answering(steps=steps):
                # Whoever answers once goes on: nobody is waited for again who failed just now.
                self._by, self._steps = event, steps
                return ""
        words = self._answer.take(event)
        if words and self._by is not None and self._by.blind and not self._told_blind:
            self._told_blind = True
            return _BLIND + words.lstrip()
        return words if self._said else words.lstrip()

    def _next_answer(self) -> None:
        self._usages.append(self._answer.usage)
        self._answer = ModelAnswer()

    def _say(self, words: str) -> TurnText:
        apart = self._text and not self._said and not self._text[-1].isspace()
        piece = f" {words}" if apart else words
        self._text += piece
        self._said += words
        return TurnText(turn_id=self._wish.turn_id, text=piece)

    async def _act(self, calls: tuple[Call, ...]) -> AsyncGenerator[Happened, None]:
        outside = self._wish.outside or any(message.outside for message in self._messages)
        self._messages.append(self._message(calls))
        self._said, self._under_way = "", calls
        self._next_answer()
        told: asyncio.Queue[TurnProgress | None] = asyncio.Queue()
        acting = asyncio.create_task(
            act(calls, self._tools, self._wish.turn_id, outside=outside, tell=told.put_nowait)
        )
        acting.add_done_callback(lambda _: told.put_nowait(None))
        try:
            while (progress := await told.get()) is not None:
                yield progress
            self._note(await acting)
        finally:  # whoever leaves before they have ended cancels the calls
            if not acting.done():
                acting.cancel()
                await asyncio.wait([acting])
        for each in self._acted:
            if each.event is not None:
                yield each.event

    def _note(self, acted: list[Acted]) -> None:
        self._under_way, self._acted = (), acted
        for each in acted:
            self._messages.append(each.message)
            if each.event is not None:
                self._deeds.note(each.event.result)
            if each.error is not None:
                self._deeds.note_error(each.error)

    def _message(self, calls: tuple[Call, ...]) -> Message:
        """What the model has answered, as it was said."""
        extra = self._answer.extra
        by = self._by.provider if self._by and extra else ""
        return Message(role="assistant", text=self._said, calls=calls, extra=extra, extra_of=by)

    def _closing(self) -> str:
        """What is left to say when the model says no more."""
        if self._said:
            return _BROKE_OFF if isinstance(self._error, CutOffError) else ""
        told = self._deeds.told()
        if self._error is not None:
            return f"{told} {_THEN_SILENT}" if told else self._error.sentence
        self._error = self._deeds.error if told else ModelFailedError(_NOTHING)
        return told or _NOTHING


def _newest_question(acted: list[Acted]) -> Question | None:
    """The one that a spoken yes means."""
    questions = [each.question for each in acted if each.question is not None]
    return questions[-1] if questions else None


def _asking(acted: list[Acted], question: Question) -> str:
    """The question, after what was done at the same time."""
    deeds = Deeds()
    for each in acted:
        if each.event is not None:
            deeds.note(each.event.result)
        if each.error is not None:
            deeds.note_error(each.error)
    return f"{deeds.told()} {question.text}".strip()
