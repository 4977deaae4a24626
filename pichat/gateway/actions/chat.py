"""Typed text: one turn, streamed."""

import base64
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from typing import Annotated, Any, Literal

import msgspec

from pichat.errors import NotFoundError
from pichat.events import (
    Tokens,
    Tried,
    TurnEvent,
    TurnFinished,
    TurnProgress,
    TurnStarted,
    TurnText,
    TurnTool,
    Utterance,
)
from pichat.gateway.actions.clients import ClientId
from pichat.gateway.context import Context
from pichat.gateway.door.caller import HOUSE, Caller
from pichat.gateway.people import speaking_for
from pichat.gateway.registry import action
from pichat.gateway.saying import utterance

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=32_000)]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


class Chat(msgspec.Struct, frozen=True, kw_only=True):
    """`area` is the room that the speaker is in. Without a conversation_id the connection's own
    conversation goes on; without a `profile` the person's or the active one answers. `user`: who
    speaks, by id or name, on a screen that is nobody's in particular. `attachments`: ids of
    pictures that were uploaded, which go along with the text. `client_id`: the front end whose
    settings and tools hold where this says nothing; else those of the caller's own id."""

    text: Text
    conversation_id: Id | None = None
    profile: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] | None = None
    area: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    source: Literal["screen", "shell"] = "screen"
    user: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] | None = None
    attachments: Annotated[tuple[Id, ...], msgspec.Meta(max_length=8)] = ()
    client_id: ClientId | None = None


class ChatDone(msgspec.Struct, frozen=True, kw_only=True):
    """`provider` and `model`: who really answered, and `tried` who was asked before and why that
    came to nothing. `usage`: input_tokens, output_tokens, cached_tokens and, where the provider
    tells it, cost_usd.

    `code` is null when all went well. Otherwise `text` says in plain words what failed (a device
    is silent, nothing was understood): the turn ran and this is its answer, so it is a `complete`.
    An `error` reply means that the turn could not run."""

    text: str
    provider: str
    model: str | None
    conversation_id: str
    turn_id: str
    timings_ms: dict[str, float]
    usage: dict[str, float]
    tried: tuple[Tried, ...]
    code: str | None
    retryable: bool


class Cancel(msgspec.Struct, frozen=True, kw_only=True):
    request_id: Id


class Cancelled(msgspec.Struct, frozen=True, kw_only=True):
    request_id: str


@action("chat", needs="guest", example={"text": "turn on the kitchen light"})
async def chat(context: Context, payload: Chat) -> ChatDone:
    """Say something to PiChat. Streams `processing` (metadata: user_message, provider, model,
    conversation_id, turn_id), then chunks of type `text` and `tool`, then the whole answer. A tool
    elsewhere that takes long tells of its `progress` in chunks of type `tool` before the one with
    its `value`; pictures that it gives follow that one, of type `image` in base64."""
    speaker = speaking_for(context.services, context.caller, payload.user)
    clients, client_id = context.services.clients, payload.client_id or context.caller.id
    said = utterance(
        speaker,
        payload.text,
        conversation_id=payload.conversation_id or own_conversation(context, speaker),
        source=payload.source,
        area=payload.area,
        profile=payload.profile or clients.profile(client_id),
        wishes=clients.wishes(client_id),
        images=await context.services.uploads.images(payload.attachments, context.caller),
        client_id=client_id,
    )
    return await talk(context, said)


def own_conversation(context: Context, speaker: Caller) -> str:
    """The conversation of the connection; each person who speaks on it has another."""
    own = context.client.conversation_id
    return own if speaker.user_id == HOUSE else f"{own}-{speaker.user_id}"


async def talk(context: Context, said: Utterance) -> ChatDone:
    """Run the turn and stream it to the client."""
    done: ChatDone | None = None
    # Closed here and not when it is collected: closing is what ends a cancelled turn.
    async with aclosing(context.services.turns.run(said)) as events:  # type: ignore[type-var]
        async for event in events:
            if isinstance(event, TurnFinished):
                done = done_of(event)
            else:
                await _SEND[type(event)](context, event)
    if done is None:
        raise RuntimeError("the turn ended without TurnFinished")
    return done


async def _started(context: Context, event: TurnStarted) -> None:
    await context.processing(
        {
            "user_message": event.text,
            "provider": event.provider,
            "model": None,
            "conversation_id": event.conversation_id,
            "turn_id": event.turn_id,
        }
    )


async def _text(context: Context, event: TurnText) -> None:
    await context.chunk("text", event.text)


async def _tool(context: Context, event: TurnTool) -> None:
    data = {
        "name": event.call.name,
        "arguments": event.call.arguments,
        "outcomes": event.result.outcomes,
        "value": event.result.value,
    }
    await context.chunk("tool", data, {"duration_ms": event.duration_ms})
    for image in event.result.images:
        picture = base64.b64encode(image.data).decode()
        await context.chunk("image", picture, {"media_type": image.media_type})


async def _progress(context: Context, event: TurnProgress) -> None:
    progress = {"progress": event.progress, "total": event.total, "message": event.message}
    await context.chunk("tool", {"name": event.name, "progress": progress})


_SEND: dict[type[TurnEvent], Callable[[Context, Any], Coroutine[Any, Any, None]]] = {
    TurnStarted: _started,
    TurnText: _text,
    TurnTool: _tool,
    TurnProgress: _progress,
}


def done_of(event: TurnFinished) -> ChatDone:
    return ChatDone(
        text=event.text,
        provider=event.provider,
        model=event.model,
        conversation_id=event.conversation_id,
        turn_id=event.turn_id,
        timings_ms=event.timings_ms,
        usage=_usage(event.tokens),
        tried=event.tried,
        code=event.code,
        retryable=event.retryable,
    )


def _usage(tokens: Tokens | None) -> dict[str, float]:
    if tokens is None:
        return {}
    usage: dict[str, float] = {
        "input_tokens": tokens.input,
        "output_tokens": tokens.output,
        "cached_tokens": tokens.cached,
    }
    return usage if tokens.cost_usd is None else {**usage, "cost_usd": tokens.cost_usd}


@action("cancel", needs="guest", example={"request_id": "chat-1"})
def cancel(context: Context, payload: Cancel) -> Cancelled:
    """End a request of this connection, which then replies with the error `cancelled`. A command
    that a device has already received is not taken back."""
    if not context.client.cancel(payload.request_id):
        raise NotFoundError(f"No request “{payload.request_id}” is running.")
    return Cancelled(request_id=payload.request_id)
