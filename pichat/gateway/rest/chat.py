"""Chat as the front ends of seed 004 do it: PiChat keeps what was said, by session."""

import uuid
from datetime import UTC, datetime
from typing import Annotated

import msgspec

from pichat.errors import BadRequestError, NotFoundError
from pichat.events import Terms, Tried
from pichat.gateway.actions.clients import ClientId
from pichat.gateway.actions.conversations import (
    GetMessages,
    MessagesList,
    NamedId,
    OneConversation,
    list_messages,
    remove,
    remove_message,
    show,
)
from pichat.gateway.calls import Call, EventStream
from pichat.gateway.openai.answered import PREFIX, Chunks
from pichat.gateway.openai.asked import (
    MOST_BYTES,
    Asked,
    ChatMessage,
    check_size,
    read_messages,
)
from pichat.gateway.openai.models import PICHAT, choose
from pichat.gateway.openai.uploads import uploads_of
from pichat.gateway.openai.wanted import Wanted, check_system
from pichat.gateway.people import owner
from pichat.gateway.routes import route
from pichat.gateway.saying import NO_WISHES, utterance
from pichat.store.messages import StoredMessage

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=32_000)]
_SESSION = "/api/chat/session/{session_id}"


class StreamChat(Wanted, frozen=True, kw_only=True):
    """The words are `text`, or the last of `messages`. With a `session_id`, what was said in that
    session before counts and other messages do not; without one, `messages` are the whole
    conversation when there are several, and one alone begins a session. `client_id`, or the header
    X-Client-Id: whose settings hold; what the request says itself goes before. `attachments`: ids
    of uploaded pictures. `model` and the rest: as in `/v1/chat/completions`."""

    messages: Annotated[tuple[ChatMessage, ...], msgspec.Meta(max_length=1000)] = ()
    text: Text | None = None
    session_id: Id | None = None
    client_id: ClientId | None = None
    profile: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] | None = None
    area: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    attachments: Annotated[tuple[Id, ...], msgspec.Meta(max_length=16)] = ()


class NamedChat(msgspec.Struct, frozen=True, kw_only=True):
    session_id: Id


class ChatMessages(msgspec.Struct, frozen=True, kw_only=True):
    """The newest, or those before the message `before`. `images`: with the pictures' data."""

    session_id: Id
    before: Id | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50
    images: bool = False


class NamedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """`message_id`: as it stands among the session's messages."""

    session_id: Id
    message_id: Id


class Cleared(msgspec.Struct, frozen=True, kw_only=True):
    """`cleared`: whether there was anything."""

    session_id: str
    cleared: bool


class MessageGone(msgspec.Struct, frozen=True, kw_only=True):
    session_id: str
    message_id: str


class NamedGeneration(msgspec.Struct, frozen=True, kw_only=True):
    """`id`: a chunk's or a turn's."""

    id: Id


class GenerationView(msgspec.Struct, frozen=True, kw_only=True):
    """How an answer came to be. Tokens are null where nobody counted, as for a command that needed
    no model; `total_cost` in US dollars, where the provider tells; `latency` and `generation_time`
    in milliseconds: to the first word, and in all."""

    id: str
    turn_id: str
    session_id: str
    created_at: datetime
    provider_name: str
    model: str | None
    tokens_prompt: int | None
    tokens_completion: int | None
    tokens_cached: int | None
    total_cost: float | None
    latency: float | None
    generation_time: float
    timings_ms: dict[str, float]
    tried: tuple[Tried, ...]
    code: str | None
    cut_off: bool


class Generation(msgspec.Struct, frozen=True, kw_only=True):
    data: GenerationView


@route(
    "POST",
    "/api/chat/stream",
    needs="guest",
    max_bytes=MOST_BYTES,
    example={"text": "turn on the kitchen light", "session_id": "kitchen-tablet"},
)
async def stream_chat(call: Call, payload: StreamChat) -> EventStream:
    """Say something; the answer comes in chunks of OpenAI's form that end with `[DONE]`. Between
    them stand events with names of their own: `session` (session_id) first, `tool` for each tool of
    the house that was used, `metadata` (usage, provider, timings) last, `error` for a failure after
    the beginning; their data are chunks without choices. Closing the connection ends the turn."""
    asked = await _asked(call, payload)
    check_system(asked.system)
    client_id = _client_id(call, payload)
    chosen = choose(call.services, payload.model, payload.profile)
    wishes, profile = NO_WISHES, chosen.profile
    if client_id is not None:
        wishes = call.services.clients.wishes(client_id)
        profile = profile or call.services.clients.profile(client_id)
    stateless = payload.session_id is None and bool(asked.history)
    said = utterance(
        call.caller,
        asked.text,
        conversation_id=payload.session_id or uuid.uuid4().hex,
        area=payload.area,
        profile=profile,
        wishes=_terms(payload, wishes, chosen.model, asked.system),
        images=asked.images,
        history=asked.history if stateless else None,
        client_id=client_id,
    )
    chunks = Chunks(payload.model or wishes.model or PICHAT, usage=True, named=True)
    return EventStream(events=chunks.stream(call.services.turns.run(said)))


def _terms(payload: StreamChat, wishes: Terms, model: str | None, system: str | None) -> Terms:
    if payload.model and model is None:  # a profile, or whoever is active: not the client's model
        wishes = msgspec.structs.replace(wishes, model=None)
    return payload.terms(wishes, model=model, system=system)


async def _asked(call: Call, payload: StreamChat) -> Asked:
    messages = payload.messages
    if payload.text is not None:
        messages = (*messages, ChatMessage(role="user", content=payload.text))
    if not messages:
        raise BadRequestError("“text” or “messages” has to say something.")
    uploads = uploads_of(call)
    if payload.session_id is not None:
        messages = tuple(_now(messages))
    asked = await read_messages(messages, uploads)
    images = (*asked.images, *await uploads(payload.attachments))
    check_size(asked.text, images)
    return msgspec.structs.replace(asked, images=images)


def _now(messages: tuple[ChatMessage, ...]) -> list[ChatMessage]:
    """What is said now, and how it is to be answered: the rest is kept here."""
    system = [each for each in messages if each.role in ("system", "developer")]
    return [*system, *(each for each in messages[-1:] if each.role not in ("system", "developer"))]


def _client_id(call: Call, payload: StreamChat) -> str | None:
    """Raises BadRequestError."""
    given = payload.client_id or call.request.headers.get("X-Client-Id")
    if given is None:
        return None
    try:
        return msgspec.convert(given, ClientId)
    except msgspec.ValidationError as error:
        raise BadRequestError(
            "“X-Client-Id” has to be a short name of letters and digits."
        ) from error


@route("GET", _SESSION, needs="screen", example={"session_id": "kitchen-tablet"})
async def show_chat(call: Call, payload: NamedChat) -> OneConversation:
    """Tell about one session. Raises NotFoundError for one in which nothing was said."""
    return await show(call.services, call.caller, NamedId(id=payload.session_id))


@route("DELETE", _SESSION, needs="screen", example={"session_id": "kitchen-tablet"})
async def clear_chat(call: Call, payload: NamedChat) -> Cleared:
    """Forget all that was said in a session; it is no error when there is nothing."""
    try:
        await remove(call.services, call.caller, NamedId(id=payload.session_id))
    except NotFoundError:
        return Cleared(session_id=payload.session_id, cleared=False)
    return Cleared(session_id=payload.session_id, cleared=True)


@route("GET", f"{_SESSION}/messages", needs="screen", example={"session_id": "kitchen-tablet"})
async def list_chat(call: Call, payload: ChatMessages) -> MessagesList:
    """List what was said in a session, a page at a time; none when nothing was."""
    wanted = GetMessages(
        conversation_id=payload.session_id,
        before=payload.before,
        limit=payload.limit,
        images=payload.images,
    )
    return await list_messages(call.services, call.caller, wanted)


@route(
    "DELETE",
    f"{_SESSION}/messages/{{message_id}}",
    needs="screen",
    example={"session_id": "kitchen-tablet", "message_id": "1f0c6d1f3ab54c6e"},
)
async def delete_chat_message(call: Call, payload: NamedMessage) -> MessageGone:
    """Delete one message. Raises NotFoundError."""
    await remove_message(call.services, call.caller, NamedId(id=payload.message_id))
    return MessageGone(session_id=payload.session_id, message_id=payload.message_id)


@route(
    "GET", "/api/chat/generation/{id}", needs="screen", example={"id": "chatcmpl-1f0c6d1f3ab54c6e"}
)
async def show_generation(call: Call, payload: NamedGeneration) -> Generation:
    """Tell how an answer came to be: who gave it, and what it took. Raises NotFoundError for one
    that was not kept."""
    turn_id = payload.id.removeprefix(PREFIX)
    user_id = owner(call.services, call.caller)
    stored = await call.services.conversations.answer_of(turn_id, user_id=user_id)
    return Generation(data=_generation(stored))


def _generation(stored: StoredMessage) -> GenerationView:
    tokens, timings_ms = stored.tokens, stored.timings_ms
    return GenerationView(
        id=PREFIX + stored.turn_id,
        turn_id=stored.turn_id,
        session_id=stored.conversation_id,
        created_at=datetime.fromtimestamp(stored.at_s, UTC),
        provider_name=stored.provider,
        model=stored.model,
        tokens_prompt=tokens.input if tokens else None,
        tokens_completion=tokens.output if tokens else None,
        tokens_cached=tokens.cached if tokens else None,
        total_cost=tokens.cost_usd if tokens else None,
        latency=timings_ms.get("first_word"),
        generation_time=timings_ms.get("total", 0.0),
        timings_ms=timings_ms,
        tried=stored.tried,
        code=stored.code,
        cut_off=stored.cut_off,
    )
