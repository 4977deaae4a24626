"""Conversations: what was said before, and tidying it up. Each is one person's."""

from typing import Annotated

import msgspec

from pichat.errors import BadRequestError, NotFoundError, UnsupportedError
from pichat.gateway.context import Context
from pichat.gateway.door.caller import Caller
from pichat.gateway.past import ConversationView, MessageView, fitting, message_view, view_of
from pichat.gateway.people import owner
from pichat.gateway.registry import action
from pichat.gateway.services import Services
from pichat.store.find import Conversation

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Title = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Limit = Annotated[int, msgspec.Meta(ge=1, le=200)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class GetConversations(msgspec.Struct, frozen=True, kw_only=True):
    """`query`: words of a title or of what was said, each from its beginning. `before`: the id of
    the last one of the page before. `user`: whose, by id or name, for an admin."""

    query: Annotated[str, msgspec.Meta(max_length=200)] = ""
    before: Id | None = None
    limit: Limit = 50
    user: Name | None = None


class ConversationsList(msgspec.Struct, frozen=True, kw_only=True):
    conversations: tuple[ConversationView, ...]


class CreateConversation(msgspec.Struct, frozen=True, kw_only=True):
    """Without a title, the first sentence becomes it; without a profile, it is the person's, or the
    active one's."""

    title: Title | None = None
    profile: Name | None = None
    user: Name | None = None


class OneConversation(msgspec.Struct, frozen=True, kw_only=True):
    """`id` and `title` are the conversation's, where clients that ask by `id` look for them."""

    id: str
    title: str
    conversation: ConversationView


class NamedId(msgspec.Struct, frozen=True, kw_only=True):
    """`user`: whose it is, by id or name, for an admin."""

    id: Id
    user: Name | None = None


class UpdateConversation(msgspec.Struct, frozen=True, kw_only=True):
    """What is left out stays as it is."""

    id: Id
    title: Title | None = None
    profile: Name | None = None
    user: Name | None = None


class DeletedId(msgspec.Struct, frozen=True, kw_only=True):
    id: str


class GetMessages(msgspec.Struct, frozen=True, kw_only=True):
    """The newest, or those before the message `before`. `images`: with the pictures' data, which is
    base64. `user`: whose conversation it is, by id or name, for an admin."""

    conversation_id: Id
    before: Id | None = None
    limit: Limit = 50
    images: bool = False
    user: Name | None = None


class MessagesList(msgspec.Struct, frozen=True, kw_only=True):
    """Oldest first. `more`: there are older ones, before the first of these."""

    conversation_id: str
    messages: tuple[MessageView, ...]
    more: bool


# --- for WebSocket and HTTP ------------------------------------------------------------------


async def list_them(
    services: Services, caller: Caller, payload: GetConversations
) -> ConversationsList:
    found = await services.conversations.newest(
        user_id=owner(services, caller, payload.user),
        query=payload.query,
        before=payload.before,
        limit=payload.limit,
    )
    return ConversationsList(conversations=tuple(map(view_of, found)))


async def add(services: Services, caller: Caller, payload: CreateConversation) -> OneConversation:
    """Raises UnsupportedError for a visitor, of whom nothing is kept."""
    user_id = owner(services, caller, payload.user)
    standing = services.users.standing(user_id)
    if not standing.kept:
        raise UnsupportedError("What visitors say is not kept; just begin to talk.")
    profile = payload.profile or standing.profile or services.profiles.active
    title = "" if payload.title is None else _line(payload.title)
    _check_profile(services, profile)
    created = await services.conversations.create(title, profile, user_id=user_id)
    return _one(created)


async def show(services: Services, caller: Caller, payload: NamedId) -> OneConversation:
    user_id = owner(services, caller, payload.user)
    found = await services.conversations.get(payload.id, user_id=user_id)
    return _one(found)


async def change(
    services: Services, caller: Caller, payload: UpdateConversation
) -> OneConversation:
    if payload.profile is not None:
        _check_profile(services, payload.profile)
    changed = await services.conversations.update(
        payload.id,
        user_id=owner(services, caller, payload.user),
        title=None if payload.title is None else _line(payload.title),
        profile=payload.profile,
    )
    return _one(changed)


async def remove(services: Services, caller: Caller, payload: NamedId) -> DeletedId:
    user_id = owner(services, caller, payload.user)
    await services.conversations.delete(payload.id, user_id=user_id)
    return DeletedId(id=payload.id)


async def list_messages(services: Services, caller: Caller, payload: GetMessages) -> MessagesList:
    page = await services.conversations.messages(
        payload.conversation_id,
        user_id=owner(services, caller, payload.user),
        before=payload.before,
        limit=payload.limit,
        images=payload.images,
    )
    kept = fitting([message_view(stored) for stored in page.messages])
    return MessagesList(
        conversation_id=payload.conversation_id,
        messages=kept,
        more=page.more or len(kept) < len(page.messages),
    )


async def remove_message(services: Services, caller: Caller, payload: NamedId) -> DeletedId:
    user_id = owner(services, caller, payload.user)
    await services.conversations.delete_message(payload.id, user_id=user_id)
    return DeletedId(id=payload.id)


# --- by WebSocket ----------------------------------------------------------------------------


@action(
    "get_conversations", needs="guest", reply="conversations_list", example={"query": "kitchen"}
)
async def get_conversations(context: Context, payload: GetConversations) -> ConversationsList:
    """List one's own conversations, or search them; those with the newest message come first. A
    screen of no person in particular has the house's, which are those of the voice."""
    return await list_them(context.services, context.caller, payload)


@action(
    "create_conversation",
    needs="guest",
    reply="conversation_created",
    example={"title": "Holiday plans"},
)
async def create_conversation(context: Context, payload: CreateConversation) -> OneConversation:
    """Begin a conversation. One also begins by itself with the first message under a new id."""
    return await add(context.services, context.caller, payload)


@action("get_conversation", needs="guest", reply="conversation", example={"id": "voice"})
async def get_conversation(context: Context, payload: NamedId) -> OneConversation:
    """Tell about one conversation. Somebody else's is not_found, here as everywhere."""
    return await show(context.services, context.caller, payload)


@action(
    "update_conversation",
    needs="guest",
    reply="conversation_updated",
    example={"id": "voice", "title": "What was spoken"},
)
async def update_conversation(context: Context, payload: UpdateConversation) -> OneConversation:
    """Give a conversation another title or profile."""
    return await change(context.services, context.caller, payload)


@action("delete_conversation", needs="guest", reply="conversation_deleted", example={"id": "voice"})
async def delete_conversation(context: Context, payload: NamedId) -> DeletedId:
    """Delete a conversation with all its messages."""
    return await remove(context.services, context.caller, payload)


@action(
    "get_messages",
    needs="guest",
    reply="messages_list",
    example={"conversation_id": "voice", "limit": 20},
)
async def get_messages(context: Context, payload: GetMessages) -> MessagesList:
    """List the messages of a conversation, a page at a time; a page has at most about 1 MiB, and
    none when nothing was said under that id."""
    return await list_messages(context.services, context.caller, payload)


@action(
    "delete_message", needs="guest", reply="message_deleted", example={"id": "1f0c6d1f3ab54c6e"}
)
async def delete_message(context: Context, payload: NamedId) -> DeletedId:
    """Delete one message."""
    return await remove_message(context.services, context.caller, payload)


def _one(found: Conversation) -> OneConversation:
    return OneConversation(id=found.id, title=found.title, conversation=view_of(found))


def _check_profile(services: Services, name: str) -> None:
    if name not in services.profiles.names():
        raise NotFoundError(f"There is no profile “{name}”.")


def _line(title: str) -> str:
    cleaned = " ".join(title.split())
    if not cleaned or not cleaned.isprintable():
        raise BadRequestError("The field “title” has to be readable text.")
    return cleaned
