"""Looking for conversations, and for what is in them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import msgspec

from pichat.errors import NotFoundError
from pichat.store.db import Database

_FIELDS = (
    "id, user_id, title, profile, created_s, updated_s,"
    " (SELECT count(*) FROM messages WHERE conversation_id = conversations.id)"
)
_LIST = (
    f"SELECT {_FIELDS} FROM conversations WHERE"  # noqa: S608  (constants)
    " (?1 IS NULL OR title LIKE ?1 ESCAPE '\\' OR id IN (SELECT conversation_id FROM messages"
    " WHERE number IN (SELECT rowid FROM spoken WHERE spoken MATCH ?2)))"
    " AND (?3 IS NULL OR"
    " (updated_s, id) < (SELECT updated_s, id FROM conversations WHERE id = ?3))"
    " AND user_id = ?5 ORDER BY updated_s DESC, id DESC LIMIT ?4"
)
_NO_WORDS = '""'

HOUSE = "house"
"""Whose conversations are those of no person in particular."""


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """`user_id`: the person whose conversation it is; `profile`: who answers in it; `updated_s`:
    when its newest message came. Both times are in seconds since the epoch."""

    id: str
    user_id: str = HOUSE
    title: str
    profile: str
    created_s: float
    updated_s: float
    messages: int = 0


async def conversations(
    database: Database, user_id: str, query: str, before: str | None, limit: int
) -> tuple[Conversation, ...]:
    """See Conversations.newest."""
    like = match = None
    if query.strip():
        like = "%" + re.sub(r"([\\%_])", r"\\\1", query.strip()) + "%"
        # Quoted, because FTS5 has a language of its own.
        match = " ".join(f'"{word}"*' for word in re.findall(r"\w+", query)) or _NO_WORDS
    rows = await database.read(_LIST, (like, match, before, limit, user_id))
    return tuple(_conversation(row) for row in rows)


async def conversation(database: Database, user_id: str, conversation_id: str) -> Conversation:
    """Raises NotFoundError, also for somebody else's."""
    rows = await database.read(
        f"SELECT {_FIELDS} FROM conversations WHERE id = ? AND user_id = ?",  # noqa: S608  (constants)
        (conversation_id, user_id),
    )
    if not rows:
        raise unknown(conversation_id)
    return _conversation(rows[0])


async def owner_of(database: Database, conversation_id: str) -> str | None:
    """Whose it is; None when nothing was said in it yet."""
    rows = await database.read("SELECT user_id FROM conversations WHERE id = ?", (conversation_id,))
    return str(rows[0][0]) if rows else None


def unknown(conversation_id: str) -> NotFoundError:
    return NotFoundError(f"There is no conversation “{conversation_id}”.")


async def number_of(database: Database, user_id: str, message_id: str) -> int:
    """A message's place in the order. Raises NotFoundError, also for one in somebody else's
    conversation."""
    rows = await database.read(
        "SELECT number FROM messages JOIN conversations ON conversations.id = conversation_id"
        " WHERE messages.id = ? AND user_id = ?",
        (message_id, user_id),
    )
    if not rows:
        raise NotFoundError(f"There is no message “{message_id}”.")
    return int(rows[0][0])


async def images(
    database: Database, message_ids: Sequence[str], *, data: bool
) -> list[tuple[Any, ...]]:
    """Rows (message_id, media_type, data) in order; without `data`, that is empty."""
    return await database.read(
        "SELECT message_id, media_type, CASE WHEN ?1 THEN data ELSE x'' END FROM images"
        " WHERE message_id IN (SELECT value FROM json_each(?2)) ORDER BY message_id, place",
        (data, json.dumps(message_ids)),
    )


def _conversation(row: Sequence[Any]) -> Conversation:
    names = Conversation.__struct_fields__
    return Conversation(**dict(zip(names, row, strict=True)))
