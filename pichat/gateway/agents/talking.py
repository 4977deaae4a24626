"""Conversations that another program holds with the house, as those of seed 002."""

import asyncio
from typing import Annotated, Any

import msgspec
from msgspec import structs

from pichat.errors import NotAllowedError
from pichat.events import Tried
from pichat.gateway.agents.asked import Asked
from pichat.gateway.agents.served import served
from pichat.gateway.door.caller import HOUSE, Caller
from pichat.gateway.openai.models import choose
from pichat.gateway.openai.wanted import check_system
from pichat.gateway.people import of_the_house, owner
from pichat.gateway.saying import utterance
from pichat.gateway.sessions.session import Session
from pichat.mcp.server.base import Progress

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=32_000)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class StartConversation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`profile`: who answers, else whoever is active. `model`: who thinks, as list_models has them.
    `system_prompt` stands in the place of what the profile's owner wrote; the rules of the house
    stay. `conversation_id`: an earlier conversation that goes on."""

    profile: Name | None = None
    model: Name | None = None
    system_prompt: Annotated[str, msgspec.Meta(max_length=32_000)] | None = None
    conversation_id: Id | None = None


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """`profile`: who answers."""

    conversation_id: str
    profile: str


class SendMessage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Without a `conversation_id` a new conversation begins. `area`: the room that is meant where
    none is named."""

    message: Text
    conversation_id: Id | None = None
    area: Annotated[str, msgspec.Meta(max_length=64)] | None = None


class Waits(msgspec.Struct, frozen=True, kw_only=True):
    """A question that a person of the house has to answer first; see get_confirmation."""

    id: str
    text: str


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """`code` is null when all went well; otherwise `text` says what failed. `provider` and `model`:
    who answered; `tried`: who was asked before. `questions`: what was not done yet, as a person has
    to say yes first."""

    conversation_id: str
    turn_id: str
    text: str
    provider: str
    model: str | None
    code: str | None
    tried: tuple[Tried, ...]
    questions: tuple[Waits, ...]


@served("start_conversation", needs="agent", private=("system_prompt",))
async def start_conversation(asked: Asked, wanted: StartConversation) -> Started:
    """Start a conversation with the house's assistant, to be gone on with send_message. It is
    forgotten half an hour after it was used last."""
    services, caller = asked.services, asked.caller
    chosen = choose(services, wanted.model, wanted.profile)
    check_system(wanted.system_prompt)
    if wanted.conversation_id is not None:
        await _check_own(asked, wanted.conversation_id)
    profile = chosen.profile or services.clients.profile(caller.id)
    wishes = services.clients.wishes(caller.id)
    session = services.sessions.start(
        owner_of(asked.caller),
        profile=profile,
        terms=structs.replace(
            wishes,
            model=chosen.model or wishes.model,
            system=wanted.system_prompt or wishes.system,
        ),
        conversation_id=wanted.conversation_id,
    )
    return Started(conversation_id=session.id, profile=session.profile or services.profiles.active)


@served("send_message", needs="agent", outside=True, private=("message",))
async def send_message(asked: Asked, wanted: SendMessage) -> Answer:
    """Say something to the house's assistant, as a person would, and get its answer. Pieces of the
    answer are told as progress. What it does in the house, it does with the same confirmations as
    any other tool."""
    services, caller = asked.services, asked.caller
    if wanted.conversation_id is None:
        begun = await start_conversation(asked, StartConversation())
        session = services.sessions.get(begun.conversation_id, owner_of(asked.caller))
    else:
        session = services.sessions.get(wanted.conversation_id, owner_of(asked.caller))
    said = utterance(
        caller,
        wanted.message,
        conversation_id=session.id,
        source="agent",  # whoever's program it is: it is no person
        area=wanted.area,
        profile=session.profile,
        wishes=session.terms,
    )
    said = structs.replace(said, turn_id=asked.turn_id, depth=asked.depth)
    before = session.newest
    turn = services.sessions.say(session, said)
    telling = asyncio.create_task(_tell(session, before, said.turn_id, asked.progress))
    try:
        done = await services.sessions.answered(session, turn)
        await telling
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
    return Answer(
        conversation_id=session.id,
        turn_id=done.turn_id,
        text=done.text,
        provider=done.provider,
        model=done.model,
        code=done.code,
        tried=done.tried,
        questions=tuple(
            Waits(id=each.id, text=each.text)
            for each in services.tools.open_questions()
            if each.turn_id == done.turn_id
        ),
    )


def owner_of(caller: Caller) -> str:
    """Whose session it is: this program's alone. Those of people are theirs."""
    return f"mcp {caller.user_id} {caller.id}"


async def _check_own(asked: Asked, conversation_id: str) -> None:
    """Raises NotFoundError for what is somebody else's, NotAllowedError for what was not held with
    this program."""
    services, caller = asked.services, asked.caller
    own = {each.id for each in services.sessions.all(owner_of(asked.caller))}
    if conversation_id in own:
        return
    if not of_the_house(caller) and caller.user_id == HOUSE:
        raise NotAllowedError(f"“{caller.name}” may not go on with what others said.")
    await services.conversations.get(conversation_id, user_id=owner(services, caller))


async def _tell(session: Session, after: int, turn_id: str, progress: Progress) -> None:
    """Each piece of the answer, until there are no more."""
    pieces = 0
    while True:
        for event in session.since(after):
            after = event.id
            told: dict[str, Any] = msgspec.json.decode(event.data)
            if event.name == "ended":
                return
            if told.get("turn_id") != turn_id:
                continue
            if event.name in ("answered", "error"):
                return
            if text := _piece(event.name, told):
                pieces += 1
                await progress(pieces, None, text)
        if after == session.newest:
            await session.news()


def _piece(name: str, told: dict[str, Any]) -> str:
    if name == "agent_speaking":
        return str(told["text"])
    return f"({told['name']})" if name == "tool" else ""
