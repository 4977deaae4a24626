"""What was said, as clients are told it."""

from datetime import UTC, datetime

import msgspec

from pichat.events import Image, Tokens, Tried
from pichat.llm.base import Role
from pichat.store.find import Conversation
from pichat.store.messages import StoredMessage

_MOST_BYTES = 1024 * 1024


class ConversationView(msgspec.Struct, frozen=True, kw_only=True):
    """`messages` counts them. Times are UTC."""

    id: str
    title: str
    profile: str
    created_at: datetime
    last_message_at: datetime
    messages: int


class CallView(msgspec.Struct, frozen=True, kw_only=True):
    """A tool call; `arguments` is JSON text."""

    id: str
    name: str
    arguments: str


class MessageView(msgspec.Struct, frozen=True, kw_only=True):
    """One message. role `tool`: the result of the call `call_id` of the tool `name`. For one of the
    assistant's: who answered, and who was asked before (`tried`). `cut_off`: not all of it was
    heard, and `text` is what was. `content` is the text, too, under another name that clients look
    for. `outside`: from outside the house."""

    id: str
    turn_id: str
    role: Role
    text: str
    content: str
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


def view_of(found: Conversation) -> ConversationView:
    return ConversationView(
        id=found.id,
        title=found.title,
        profile=found.profile,
        created_at=datetime.fromtimestamp(found.created_s, UTC),
        last_message_at=datetime.fromtimestamp(found.updated_s, UTC),
        messages=found.messages,
    )


def message_view(stored: StoredMessage) -> MessageView:
    """Without what only its provider understands."""
    message = stored.message
    return MessageView(
        id=stored.id,
        turn_id=stored.turn_id,
        role=message.role,
        text=message.text,
        content=message.text,
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


def fitting(messages: list[MessageView]) -> tuple[MessageView, ...]:
    """The newest ones that fit into a page; at least one."""
    left = _MOST_BYTES
    for at in range(len(messages) - 1, -1, -1):
        left -= len(msgspec.json.encode(messages[at]))
        if left < 0:
            return tuple(messages[min(at + 1, len(messages) - 1) :])
    return tuple(messages)
