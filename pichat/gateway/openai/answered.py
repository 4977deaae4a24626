"""An answer as OpenAI's clients read it, whole or in chunks; what is PiChat's own stands in a field
`pichat`, which they ignore."""

import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from pichat.errors import PiChatError
from pichat.events import (
    DeviceOutcome,
    Tokens,
    Tried,
    TurnEvent,
    TurnFinished,
    TurnProgress,
    TurnStarted,
    TurnText,
    TurnTool,
)
from pichat.gateway.calls import ServerEvent
from pichat.gateway.failures import openai_form

PREFIX = "chatcmpl-"
DONE = ServerEvent(data=b"[DONE]")
_encoder = msgspec.json.Encoder()

EndReason = Literal["stop", "length"]


class TokensOfPrompt(msgspec.Struct, frozen=True, kw_only=True):
    cached_tokens: int


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """All zero where no model was asked. `cost`: US dollars, where the provider tells."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: TokensOfPrompt
    cost: float | None

    @classmethod
    def of(cls, tokens: Tokens | None) -> "Usage":
        taken = tokens or Tokens()
        return cls(
            prompt_tokens=taken.input,
            completion_tokens=taken.output,
            total_tokens=taken.input + taken.output,
            prompt_tokens_details=TokensOfPrompt(cached_tokens=taken.cached),
            cost=taken.cost_usd,
        )


class ToolUsed(msgspec.Struct, frozen=True, kw_only=True):
    """A tool of the house that was used, and what came of it."""

    name: str
    arguments: dict[str, Any]
    outcomes: tuple[DeviceOutcome, ...]
    value: Any
    duration_ms: float

    @classmethod
    def of(cls, event: TurnTool) -> "ToolUsed":
        return cls(
            name=event.call.name,
            arguments=event.call.arguments,
            outcomes=event.result.outcomes,
            value=event.result.value,
            duration_ms=event.duration_ms,
        )


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """How a turn went. `provider` and `model`: who really answered; `tried`: who was asked before.
    `code` is null when all went well; otherwise the text says what failed."""

    turn_id: str
    conversation_id: str
    provider: str
    model: str | None
    code: str | None
    retryable: bool
    tried: tuple[Tried, ...]
    timings_ms: dict[str, float]

    @classmethod
    def of(cls, event: TurnFinished) -> "Metadata":
        return cls(
            turn_id=event.turn_id,
            conversation_id=event.conversation_id,
            provider=event.provider,
            model=event.model,
            code=event.code,
            retryable=event.retryable,
            tried=event.tried,
            timings_ms=event.timings_ms,
        )


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """What is known at the beginning. `session_id` is the conversation's id, by its other name."""

    turn_id: str
    conversation_id: str
    session_id: str
    provider: str


class Own(msgspec.Struct, frozen=True, kw_only=True):
    """What a chunk tells beside OpenAI's fields; one of these."""

    begun: Begun | UnsetType = UNSET
    tool: ToolUsed | UnsetType = UNSET
    metadata: Metadata | UnsetType = UNSET


class Delta(msgspec.Struct, frozen=True, kw_only=True):
    role: Literal["assistant"] | UnsetType = UNSET
    content: str | UnsetType = UNSET


class ChunkChoice(msgspec.Struct, frozen=True, kw_only=True):
    index: int = 0
    delta: Delta = Delta()
    finish_reason: EndReason | None = None


class Chunk(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of an answer. `model` is as it was asked for; `session_id` only at the beginning of
    one that is not OpenAI's own."""

    id: str
    created: int
    model: str
    choices: tuple[ChunkChoice, ...]
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    usage: Usage | UnsetType = UNSET
    pichat: Own | UnsetType = UNSET
    session_id: str | UnsetType = UNSET


class AnswerMessage(msgspec.Struct, frozen=True, kw_only=True):
    content: str
    role: Literal["assistant"] = "assistant"
    refusal: None = None


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    message: AnswerMessage
    finish_reason: EndReason
    index: int = 0
    logprobs: None = None


class Whole(msgspec.Struct, frozen=True, kw_only=True):
    """What a whole answer tells beside OpenAI's fields."""

    tools: tuple[ToolUsed, ...]
    metadata: Metadata


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """A whole answer. `model` is as it was asked for."""

    id: str
    created: int
    model: str
    choices: tuple[Choice, ...]
    usage: Usage
    pichat: Whole
    object: Literal["chat.completion"] = "chat.completion"


def finish_reason(event: TurnFinished) -> EndReason:
    return "length" if event.cut_off and event.code is None else "stop"


async def whole(events: AsyncIterator[TurnEvent], model: str) -> Completion:
    """The answer once it is there. Raises what the turn raises."""
    tools: list[ToolUsed] = []
    async with aclosing(events) as turn:  # type: ignore[type-var]
        async for event in turn:
            if isinstance(event, TurnTool):
                tools.append(ToolUsed.of(event))
            elif isinstance(event, TurnFinished):
                return Completion(
                    id=PREFIX + event.turn_id,
                    created=int(time.time()),
                    model=model,
                    choices=(
                        Choice(
                            message=AnswerMessage(content=event.text),
                            finish_reason=finish_reason(event),
                        ),
                    ),
                    usage=Usage.of(event.tokens),
                    pichat=Whole(tools=tuple(tools), metadata=Metadata.of(event)),
                )
    raise RuntimeError("the turn ended without TurnFinished")


class Chunks:
    """Makes chunks of a turn's events. `usage`: told at the end. `named`: what is PiChat's own
    comes as events of its own, `session`, `tool` and `metadata`, for the front ends that know
    them; their data are chunks without choices."""

    def __init__(self, model: str, *, usage: bool, named: bool = False) -> None:
        self._model = model
        self._usage = usage
        self._named = named
        self._created = int(time.time())
        self._id = ""

    async def stream(self, events: AsyncIterator[TurnEvent]) -> AsyncIterator[ServerEvent]:
        """Ends with `[DONE]`, also behind an error. Raises what fails before the first event.
        Closing it ends the turn."""
        begun = False
        try:
            async with aclosing(events) as turn:  # type: ignore[type-var]
                async for event in turn:
                    for chunk in self._of(event):
                        yield chunk
                    begun = True
        except PiChatError as error:
            if not begun:
                raise
            yield ServerEvent(event="error", data=_encoder.encode(openai_form(error)))
        yield DONE

    def _of(self, event: TurnEvent) -> list[ServerEvent]:
        match event:
            case TurnText():
                return [self._choice(ChunkChoice(delta=Delta(content=event.text)))]
            case TurnTool():
                return [self._own("tool", Own(tool=ToolUsed.of(event)))]
            case TurnStarted():
                return self._started(event)
            case TurnFinished():
                return self._finished(event)
            case TurnProgress():  # this API has no place for it
                return []

    def _started(self, event: TurnStarted) -> list[ServerEvent]:
        self._id = PREFIX + event.turn_id
        begun = Begun(
            turn_id=event.turn_id,
            conversation_id=event.conversation_id,
            session_id=event.conversation_id,
            provider=event.provider,
        )
        first = ChunkChoice(delta=Delta(role="assistant", content=""))
        if not self._named:
            return [self._choice(first, pichat=Own(begun=begun))]
        session = self._own("session", Own(begun=begun), session_id=event.conversation_id)
        return [session, self._choice(first)]

    def _finished(self, event: TurnFinished) -> list[ServerEvent]:
        own = Own(metadata=Metadata.of(event))
        last = ChunkChoice(finish_reason=finish_reason(event))
        usage = Usage.of(event.tokens)
        if self._named:
            return [self._choice(last), self._own("metadata", own, usage=usage)]
        chunks = [self._choice(last, pichat=own)]
        if self._usage:
            chunks.append(self._encoded(self._chunk((), usage=usage)))
        return chunks

    def _own(self, name: str, own: Own, **more: Any) -> ServerEvent:
        choices = () if self._named else (ChunkChoice(),)
        return self._encoded(
            self._chunk(choices, pichat=own, **more), name if self._named else None
        )

    def _choice(self, choice: ChunkChoice, **more: Any) -> ServerEvent:
        return self._encoded(self._chunk((choice,), **more))

    def _chunk(self, choices: tuple[ChunkChoice, ...], **more: Any) -> Chunk:
        return Chunk(id=self._id, created=self._created, model=self._model, choices=choices, **more)

    @staticmethod
    def _encoded(chunk: Chunk, name: str | None = None) -> ServerEvent:
        return ServerEvent(event=name, data=_encoder.encode(chunk))
