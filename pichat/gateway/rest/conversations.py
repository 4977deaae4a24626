"""Conversations over HTTP: the same as the actions, and saying something without a stream."""

from contextlib import aclosing
from typing import Annotated

import msgspec

from pichat.events import DeviceOutcome, TurnFinished, TurnTool
from pichat.gateway.actions.chat import ChatDone, Text, done_of
from pichat.gateway.actions.conversations import (
    ConversationsList,
    CreateConversation,
    DeletedId,
    GetConversations,
    GetMessages,
    Id,
    MessagesList,
    NamedId,
    OneConversation,
    UpdateConversation,
    add,
    change,
    list_messages,
    list_them,
    remove,
    remove_message,
    show,
)
from pichat.gateway.calls import Call
from pichat.gateway.people import speaking_for
from pichat.gateway.routes import route
from pichat.gateway.saying import utterance


class PostMessage(msgspec.Struct, frozen=True, kw_only=True):
    """`user`: who speaks, by id or name, for a screen that is nobody's in particular."""

    conversation_id: Id
    content: Text
    user: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] | None = None


class Answered(ChatDone, frozen=True, kw_only=True):
    """As for the action `chat`. `outcomes`: what became of each device that was told something."""

    outcomes: tuple[DeviceOutcome, ...]


@route("GET", "/api/conversations", needs="guest")
async def get_conversations(call: Call, payload: GetConversations) -> ConversationsList:
    """List one's own conversations, or search them; those with the newest message come first."""
    return await list_them(call.services, call.caller, payload)


@route("POST", "/api/conversations", needs="guest", status=201, example={"title": "Holiday plans"})
async def post_conversation(call: Call, payload: CreateConversation) -> OneConversation:
    """Begin a conversation. One also begins by itself with the first message under a new id."""
    return await add(call.services, call.caller, payload)


@route("GET", "/api/conversations/{id}", needs="guest")
async def get_conversation(call: Call, payload: NamedId) -> OneConversation:
    """Tell about one conversation."""
    return await show(call.services, call.caller, payload)


@route("PATCH", "/api/conversations/{id}", needs="guest", example={"title": "Summer"})
async def patch_conversation(call: Call, payload: UpdateConversation) -> OneConversation:
    """Give a conversation another title or profile."""
    return await change(call.services, call.caller, payload)


@route("DELETE", "/api/conversations/{id}", needs="guest")
async def delete_conversation(call: Call, payload: NamedId) -> DeletedId:
    """Delete a conversation with all its messages."""
    return await remove(call.services, call.caller, payload)


@route("GET", "/api/conversations/{conversation_id}/messages", needs="guest")
async def get_messages(call: Call, payload: GetMessages) -> MessagesList:
    """List the messages of a conversation, a page at a time."""
    return await list_messages(call.services, call.caller, payload)


@route(
    "POST",
    "/api/conversations/{conversation_id}/messages",
    needs="guest",
    example={"content": "turn on the kitchen light"},
)
async def post_message(call: Call, payload: PostMessage) -> Answered:
    """Say something in a conversation; the reply is the whole answer. Closing the connection ends
    the turn."""
    said = utterance(
        speaking_for(call.services, call.caller, payload.user),
        payload.content,
        conversation_id=payload.conversation_id,
    )
    outcomes: list[DeviceOutcome] = []
    async with aclosing(call.services.turns.run(said)) as events:  # type: ignore[type-var]
        async for event in events:
            if isinstance(event, TurnTool):
                outcomes += event.result.outcomes
            elif isinstance(event, TurnFinished):
                done = done_of(event)
    return Answered(**msgspec.structs.asdict(done), outcomes=tuple(outcomes))


@route("DELETE", "/api/messages/{id}", needs="guest")
async def delete_message(call: Call, payload: NamedId) -> DeletedId:
    """Delete one message."""
    return await remove_message(call.services, call.caller, payload)
