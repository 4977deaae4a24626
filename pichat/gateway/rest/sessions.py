"""Conversations that a front end follows by server-sent events, as those of seed 002 do."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import structs

from pichat.errors import BadRequestError
from pichat.events import Tried, TurnFinished
from pichat.gateway.calls import Call, EventStream, ServerEvent
from pichat.gateway.door.caller import Caller
from pichat.gateway.openai.asked import check_size
from pichat.gateway.openai.models import choose
from pichat.gateway.openai.uploads import uploads_of
from pichat.gateway.openai.wanted import check_system
from pichat.gateway.routes import route
from pichat.gateway.saying import NO_WISHES, utterance
from pichat.gateway.sessions.session import Session, SessionEvent

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=32_000)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class StartSession(msgspec.Struct, frozen=True, kw_only=True):
    """`system_prompt` stands in the place of what the profile's owner wrote; PiChat's own rules
    stay. `model`: as in `/v1/chat/completions`. With `conversation_id`, an earlier conversation
    goes on."""

    system_prompt: Annotated[str, msgspec.Meta(max_length=32_000)] | None = None
    profile: Name | None = None
    model: Name | None = None
    conversation_id: Id | None = None


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """`session_id` is the conversation's id, too. `last_event_id`: of the newest event, 0 at the
    beginning. `profile`: "" for whoever is active."""

    session_id: str
    conversation_id: str
    state: Literal["idle", "thinking", "speaking"]
    profile: str
    messages: int
    last_event_id: int
    created_at: datetime


class SessionsList(msgspec.Struct, frozen=True, kw_only=True):
    """Oldest first."""

    sessions: tuple[SessionView, ...]


class ListSessions(msgspec.Struct, frozen=True, kw_only=True):
    pass


class NamedSession(msgspec.Struct, frozen=True, kw_only=True):
    session_id: Id


class SayInSession(msgspec.Struct, frozen=True, kw_only=True):
    """The words are `message`, or `text`. `attachments`: ids of uploaded pictures. With `wait` (as
    it is) the reply comes with the whole answer; without, at once, and the events tell the rest."""

    session_id: Id
    message: Text | None = None
    text: Text | None = None
    attachments: Annotated[tuple[Id, ...], msgspec.Meta(max_length=16)] = ()
    area: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    wait: bool = True


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """It will be answered, after what was said before."""

    session_id: str
    turn_id: str
    status: Literal["accepted"] = "accepted"


class SessionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The whole answer. `code` is null when all went well; otherwise `response` says what failed.
    `provider` and `model`: who really answered; `tried`: who was asked before."""

    session_id: str
    turn_id: str
    response: str
    provider: str
    model: str | None
    code: str | None
    tried: tuple[Tried, ...]
    timings_ms: dict[str, float]
    status: Literal["answered"] = "answered"


class EndedSession(msgspec.Struct, frozen=True, kw_only=True):
    session_id: str
    status: Literal["ended"] = "ended"


@route(
    "POST",
    "/api/conversation/start",
    needs="guest",
    status=201,
    example={"system_prompt": "You are a helpful butler."},
)
async def start_session(call: Call, payload: StartSession) -> SessionView:
    """Start a conversation, to be followed by `/api/events/{session_id}`. It is forgotten half an
    hour after it was used last; what was said in it stays with the person's conversations. Raises
    BusyError when too many are in use."""
    chosen = choose(call.services, payload.model, payload.profile)
    check_system(payload.system_prompt)
    terms = structs.replace(NO_WISHES, model=chosen.model, system=payload.system_prompt or None)
    session = call.services.sessions.start(
        _owner(call.caller),
        profile=chosen.profile,
        terms=terms,
        conversation_id=payload.conversation_id,
    )
    return _view(session)


@route(
    "POST",
    "/api/conversation/message",
    needs="guest",
    example={"session_id": "0f3c", "message": "turn on the kitchen light"},
)
async def say_in_session(call: Call, payload: SayInSession) -> SessionAnswer | Accepted:
    """Say something in a conversation. Everything of its answer is also told as events. Closing the
    connection of one that waits ends the turn. Raises NotFoundError for a session that has ended,
    BusyError when too much waits already."""
    text = payload.message or payload.text
    if text is None or not text.strip():
        raise BadRequestError("“message” has to say something.")
    sessions = call.services.sessions
    session = sessions.get(payload.session_id, _owner(call.caller))
    images = await uploads_of(call)(payload.attachments)
    check_size(text, images)
    said = utterance(
        call.caller,
        text,
        conversation_id=session.id,
        area=payload.area,
        profile=session.profile,
        wishes=session.terms,
        images=images,
    )
    turn = sessions.say(session, said)
    if not payload.wait:
        return Accepted(session_id=session.id, turn_id=said.turn_id)
    return _answer(session, await sessions.answered(session, turn))


@route("GET", "/api/conversation/sessions", needs="guest")
async def list_sessions(call: Call, payload: ListSessions) -> SessionsList:  # noqa: ARG001
    """List one's own conversations that are being held."""
    found = call.services.sessions.all(_owner(call.caller))
    return SessionsList(sessions=tuple(map(_view, found)))


@route(
    "GET",
    "/api/conversation/session/{session_id}",
    needs="guest",
    example={"session_id": "0f3c"},
)
async def show_session(call: Call, payload: NamedSession) -> SessionView:
    """Show one of them. Raises NotFoundError."""
    return _view(call.services.sessions.get(payload.session_id, _owner(call.caller)))


@route(
    "DELETE",
    "/api/conversation/session/{session_id}",
    needs="guest",
    example={"session_id": "0f3c"},
)
async def end_session(call: Call, payload: NamedSession) -> EndedSession:
    """End a conversation: a turn in it is cancelled, and whoever listens is told. What was said
    stays with the person's conversations. Raises NotFoundError."""
    sessions = call.services.sessions
    session = sessions.get(payload.session_id, _owner(call.caller))
    await sessions.end(session)
    return EndedSession(session_id=session.id)


@route("GET", "/api/events/{session_id}", needs="guest", example={"session_id": "0f3c"})
async def follow_session(call: Call, payload: NamedSession) -> EventStream:
    """Follow a conversation by server-sent events, each with an id: `transcription` (text, final)
    for what was said, `state_change` (state: idle, thinking, speaking), `agent_speaking` (text) for
    each piece of the answer, `tool`, `answered` (the whole text), `error`, and `ended` as the last;
    the data is an object with the event's name as `type`.

    A client that comes again sends `Last-Event-ID`, as browsers do by themselves, and gets what it
    missed, once; what is too long ago is told as `lost` (from, to). Without it, the first to listen
    gets everything, later ones what comes from then on. Browsers' EventSource cannot send a token:
    pages of other servers read this with fetch, or use the WebSocket; a token never stands in an
    address. Raises NotFoundError for a session that has ended, BusyError when too many listen."""
    session = call.services.sessions.get(payload.session_id, _owner(call.caller))
    return EventStream(events=_encoded(session.listen(_last_event_id(call))), at_once=True)


async def _encoded(events: AsyncIterator[SessionEvent]) -> AsyncIterator[ServerEvent]:
    async with aclosing(events) as told:  # type: ignore[type-var]
        async for event in told:
            number = str(event.id) if event.id else None
            yield ServerEvent(event=event.name, id=number, data=event.data)


def _last_event_id(call: Call) -> int | None:
    """Raises BadRequestError."""
    given = call.request.headers.get("Last-Event-ID", "").strip()
    if not given:
        return None
    if not given.isascii() or not given.isdigit() or len(given) > 15:
        raise BadRequestError("“Last-Event-ID” has to be the id of an event.")
    return int(given)


def _owner(caller: Caller) -> str:
    """Whose session it is: a person's; visitors have nothing in common."""
    return f"{caller.user_id} {caller.id}" if caller.scope == "guest" else caller.user_id


def _view(session: Session) -> SessionView:
    return SessionView(
        session_id=session.id,
        conversation_id=session.id,
        state=session.state,
        profile=session.profile,
        messages=session.messages,
        last_event_id=session.newest,
        created_at=datetime.fromtimestamp(session.created_s, UTC),
    )


def _answer(session: Session, event: TurnFinished) -> SessionAnswer:
    return SessionAnswer(
        session_id=session.id,
        turn_id=event.turn_id,
        response=event.text,
        provider=event.provider,
        model=event.model,
        code=event.code,
        tried=event.tried,
        timings_ms=event.timings_ms,
    )
