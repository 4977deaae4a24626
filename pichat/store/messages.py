"""A message as it is kept, and as a row of the table."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, get_args

import msgspec
from msgspec import structs

from pichat.events import Image, Tokens, Tried
from pichat.llm.base import Call, Message, Role
from pichat.store.db import Parameters, Statement

LONGEST_TEXT = 100_000
LARGEST_IMAGES_BYTES = 8 * 1024 * 1024
_CUT = " […]"

COLUMNS = (
    "id, conversation_id, turn_id, at_s, role, text, calls, call_id, name, outside, extra,"
    " extra_of, provider, model, input_tokens, output_tokens, cached_tokens, cost_usd, timings_ms,"
    " tried, code, cut_off"
)
_INSERT = (
    f"INSERT INTO messages ({COLUMNS}) SELECT {', '.join('?' * len(COLUMNS.split(',')))}"  # noqa: S608  (constants)
    " WHERE EXISTS (SELECT 1 FROM conversations WHERE id = ? AND user_id = ?)"
)
_INSERT_IMAGE = (
    "INSERT INTO images (message_id, place, media_type, data) SELECT ?1, ?2, ?3, ?4"
    " WHERE EXISTS (SELECT 1 FROM messages WHERE id = ?1)"
)


class StoredMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message of a conversation, and how it came to be.

    `at_s` is in seconds since the epoch. For the assistant's: who answered (`provider` is
    "intents" or a step of the chain), what it took, who was asked before, and an error's `code`
    when its text says what failed. `cut_off`: not all of it was heard, or it was not written to
    its end; the text is then what was.
    """

    id: str
    conversation_id: str
    turn_id: str
    message: Message
    at_s: float
    provider: str = ""
    model: str | None = None
    tokens: Tokens | None = None
    timings_ms: dict[str, float] = {}
    tried: tuple[Tried, ...] = ()
    code: str | None = None
    cut_off: bool = False

    @classmethod
    def new(
        cls, conversation_id: str, turn_id: str, message: Message, **answered: Any
    ) -> StoredMessage:
        """A message of this moment. `answered`: the other fields by their names."""
        return cls(
            id=uuid.uuid4().hex,
            conversation_id=conversation_id,
            turn_id=turn_id,
            message=_bounded(message),
            at_s=time.time(),
            **answered,
        )


def _bounded(message: Message) -> Message:
    """At most LONGEST_TEXT characters, all of which can be kept, and the first pictures of at most
    LARGEST_IMAGES_BYTES together."""
    text = message.text.encode(errors="replace").decode()
    if len(text) > LONGEST_TEXT:
        text = text[: LONGEST_TEXT - len(_CUT)] + _CUT
    images: list[Image] = []
    for image in message.images:
        if sum(len(each.data) for each in (*images, image)) > LARGEST_IMAGES_BYTES:
            break
        images.append(image)
    if text == message.text and len(images) == len(message.images):
        return message
    return structs.replace(message, text=text, images=tuple(images))


def inserts(stored: StoredMessage, user_id: str) -> Iterator[Statement]:
    """What keeps the message, if its conversation is there and that person's."""
    yield _INSERT, (*_row(stored), stored.conversation_id, user_id)
    for place, image in enumerate(stored.message.images):
        yield _INSERT_IMAGE, (stored.id, place, image.media_type, image.data)


def _row(stored: StoredMessage) -> Parameters:
    message, tokens = stored.message, stored.tokens
    return (
        stored.id,
        stored.conversation_id,
        stored.turn_id,
        stored.at_s,
        message.role,
        message.text,
        _json(message.calls),
        message.call_id,
        message.name,
        message.outside,
        _json(message.extra),
        message.extra_of,
        stored.provider,
        stored.model,
        tokens.input if tokens else None,
        tokens.output if tokens else None,
        tokens.cached if tokens else None,
        tokens.cost_usd if tokens else None,
        _json(stored.timings_ms),
        _json(stored.tried),
        stored.code,
        stored.cut_off,
    )


def from_row(row: Sequence[Any], images: Mapping[str, tuple[Image, ...]]) -> StoredMessage:
    """The message of a row of COLUMNS; `images` by the ids of their messages."""
    found = dict(zip(COLUMNS.split(", "), row, strict=True))
    return StoredMessage(
        id=found["id"],
        conversation_id=found["conversation_id"],
        turn_id=found["turn_id"],
        message=Message(
            role=_role(found["role"]),
            text=found["text"],
            images=images.get(found["id"], ()),
            calls=msgspec.json.decode(found["calls"], type=tuple[Call, ...]),
            call_id=found["call_id"],
            name=found["name"],
            outside=bool(found["outside"]),
            extra=msgspec.json.decode(found["extra"]),
            extra_of=found["extra_of"],
        ),
        at_s=found["at_s"],
        provider=found["provider"],
        model=found["model"],
        tokens=_tokens(found),
        timings_ms=msgspec.json.decode(found["timings_ms"], type=dict[str, float]),
        tried=msgspec.json.decode(found["tried"], type=tuple[Tried, ...]),
        code=found["code"],
        cut_off=bool(found["cut_off"]),
    )


def images_of(rows: Iterable[Sequence[Any]]) -> dict[str, tuple[Image, ...]]:
    """Pictures by the ids of their messages, of rows (message_id, media_type, data)."""
    found: dict[str, tuple[Image, ...]] = {}
    for message_id, media_type, data in rows:
        image = Image(media_type=media_type, data=data)
        found[message_id] = (*found.get(message_id, ()), image)
    return found


def _tokens(found: Mapping[str, Any]) -> Tokens | None:
    if found["input_tokens"] is None:
        return None
    return Tokens(
        input=found["input_tokens"],
        output=found["output_tokens"],
        cached=found["cached_tokens"],
        cost_usd=found["cost_usd"],
    )


def _role(name: str) -> Role:
    """Raises ValueError for what no PiChat wrote."""
    for role in get_args(Role):
        if role == name:
            return role  # type: ignore[no-any-return]
    raise ValueError(f"no role {name!r}")


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
