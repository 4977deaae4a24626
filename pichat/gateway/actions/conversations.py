"""Conversations: what was said before, and tidying it up."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec

from pichat.errors import BadRequestError, NotFoundError
from pichat.events import Image, Tokens, Tried
from pichat.gateway.context import Context
from pichat.gateway.registry import action
from pichat.llm.base import Role
from pichat.store.find import Conversation
from pichat.store.messages import StoredMessage

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Title = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Limit = Annotated[int, msgspec.Meta(ge=1, le=200)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
_MOST_BYTES = 1024 * 1024


class GetConversations(msgspec.Struct, frozen=True, kw_only=True):
    """`query`: words of a title or of what was said, each from its beginning. `before`: the id of
    the last one of the page before."""

    query: Annotated[str, msgspec.Meta(max_length=200)] = ""
    before: Id | None = None
    limit: Limit = 50


class ConversationView(msgspec.Struct, frozen=True, kw_only=True):
    """`messages` counts them. Times are UTC."""

    id: str
    title: str
    profile: str
    created_at: datetime
    last_message_at: datetime
    messages: int


class ConversationsList(msgspec.Struct, frozen=True, kw_only=True):
    conversations: tuple[ConversationView, ...]


class CreateConversation(msgspec.Struct, frozen=True, kw_only=True):
    """Without a title, the first sentence becomes it; without a profile, it is the active one's."""

    title: Title | None = None
    profile: Name | None = None


class OneConversation(msgspec.Struct, frozen=True, kw_only=True):
    conversation: ConversationView


class NamedId(msgspec.Struct, frozen=True, kw_only=True):
    id: Id


class UpdateConversation(msgspec.Struct, frozen=True, kw_only=True):
    """What is left out stays as it is."""

    id: Id
    title: Title | None = None
    profile: Name | None = None


class DeletedId(msgspec.Struct, frozen=True, kw_only=True):
    id: str


class GetMessages(msgspec.Struct, frozen=True, kw_only=True):
    """The newest, or those before the message `before`. `images`: with the pictures' data, which is
    base64."""

    conversation_id: Id
    before: Id | None = None
    limit: Limit = 50
    images: bool = False


class CallView(msgspec.Struct, frozen=True, kw_only=True):
    """A tool call; `arguments` is JSON text."""

    id: str
    name: str
    arguments: str


class MessageView(msgspec.Struct, frozen=True, kw_only=True):
    """One message. role `tool`: the result of the call `call_id` of the tool `name`. For one of the
    assistant's: who answered, and who was asked before (`tried`). `cut_off`: not all of it was
    heard, and `text` is what was. `outside`: from outside the house."""

    id: str
    turn_id: str
    role: Role
    text: str
    images: tuple[Image, ...]
    calls: tuple[CallView, ...]
    call_id: str
    name: str
    outside: bool
    provider: str
    model: str | None
    usage: Tokens | None
    timings_ms: dict[str, float]
    tried: tuple[Tried, ...]
    code: str | None
    cut_off: bool
    created_at: datetime


class MessagesList(msgspec.Struct, frozen=True, kw_only=True):
    """Oldest first. `more`: there are older ones, before the first of these."""

    conversation_id: str
    messages: tuple[MessageView, ...]
    more: bool


@action(
    "get_conversations", needs="screen", reply="conversations_list", example={"query": "kitchen"}
)
async def get_conversations(context: Context, payload: GetConversations) -> ConversationsList:
    """List conversations, or search them; those with the newest message come first."""
    found = await context.services.conversations.newest(
        query=payload.query, before=payload.before, limit=payload.limit
    )
    return ConversationsList(conversations=tuple(map(_view, found)))


@action(
    "create_conversation",
    needs="screen",
    reply="conversation_created",
    example={"title": "Holiday plans"},
)
async def create_conversation(context: Context, payload: CreateConversation) -> OneConversation:
    """Begin a conversation. One also begins by itself with the first message under a new id."""
    profile = payload.profile or context.services.profiles.active
    title = "" if payload.title is None else _line(payload.title)
    _check_profile(context, profile)
    created = await context.services.conversations.create(title, profile)
    return OneConversation(conversation=_view(created))


@action("get_conversation", needs="screen", reply="conversation", example={"id": "voice"})
async def get_conversation(context: Context, payload: NamedId) -> OneConversation:
    """Tell about one conversation."""
    found = await context.services.conversations.get(payload.id)
    return OneConversation(conversation=_view(found))


@action(
    "update_conversation",
    needs="screen",
    reply="conversation_updated",
    example={"id": "voice", "title": "What was spoken"},
)
async def update_conversation(context: Context, payload: UpdateConversation) -> OneConversation:
    """Give a conversation another title or profile."""
    if payload.profile is not None:
        _check_profile(context, payload.profile)
    title = None if payload.title is None else _line(payload.title)
    changed = await context.services.conversations.update(
        payload.id, title=title, profile=payload.profile
    )
    return OneConversation(conversation=_view(changed))


@action(
    "delete_conversation", needs="screen", reply="conversation_deleted", example={"id": "voice"}
)
async def delete_conversation(context: Context, payload: NamedId) -> DeletedId:
    """Delete a conversation with all its messages."""
    await context.services.conversations.delete(payload.id)
    return DeletedId(id=payload.id)


@action(
    "get_messages",
    needs="screen",
    reply="messages_list",
    example={"conversation_id": "voice", "limit": 20},
)
async def get_messages(context: Context, payload: GetMessages) -> MessagesList:
    """List the messages of a conversation, a page at a time; a page has at most about 1 MiB, and
    none when nothing was said under that id."""
    page = await context.services.conversations.messages(
        payload.conversation_id,
        before=payload.before,
        limit=payload.limit,
        images=payload.images,
    )
    kept = _fitting([_message(stored) for stored in page.messages])
    return MessagesList(
        conversation_id=payload.conversation_id,
        messages=kept,
        more=page.more or len(kept) < len(page.messages),
    )


@action(
    "delete_message", needs="screen", reply="message_deleted", example={"id": "1f0c6d1f3ab54c6e"}
)
async def delete_message(context: Context, payload: NamedId) -> DeletedId:
    """Delete one message."""
    await context.services.conversations.delete_message(payload.id)
    return DeletedId(id=payload.id)


def _check_profile(context: Context, name: str) -> None:
    if name not in context.services.profiles.names():
        raise NotFoundError(f"There is no profile “{name}”.")


def _line(title: str) -> str:
    cleaned = " ".join(title.split())
    if not cleaned or not cleaned.isprintable():
        raise BadRequestError("The field “title” has to be readable text.")
    return cleaned


def _view(found: Conversation) -> ConversationView:
    return ConversationView(
        id=found.id,
        title=found.title,
        profile=found.profile,
        created_at=datetime.fromtimestamp(found.created_s, UTC),
        last_message_at=datetime.fromtimestamp(found.updated_s, UTC),
        messages=found.messages,
    )


def _message(stored: StoredMessage) -> MessageView:
    """Without what only its provider understands."""
    message = stored.message
    return MessageView(
        id=stored.id,
        turn_id=stored.turn_id,
        role=message.role,
        text=message.text,
        images=message.images,
        calls=tuple(
            CallView(id=each.id, name=each.name, arguments=each.arguments) for each in message.calls
        ),
        call_id=message.call_id,
        name=message.name,
        outside=message.outside,
        provider=stored.provider,
        model=stored.model,
        usage=stored.tokens,
        timings_ms=stored.timings_ms,
        tried=stored.tried,
        code=stored.code,
        cut_off=stored.cut_off,
        created_at=datetime.fromtimestamp(stored.at_s, UTC),
    )


def _fitting(messages: list[MessageView]) -> tuple[MessageView, ...]:
    """The newest ones that fit into a page; at least one."""
    left = _MOST_BYTES
    for at in range(len(messages) - 1, -1, -1):
        left -= len(msgspec.json.encode(messages[at]))
        if left < 0:
            return tuple(messages[min(at + 1, len(messages) - 1) :])
    return tuple(messages)
