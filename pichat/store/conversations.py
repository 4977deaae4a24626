"""What was said, by conversation. Messages are written behind the turn's back, in order."""

from __future__ import annotations

import asyncio
import sqlite3
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

import msgspec
import structlog

from pichat.errors import BusyError, NotFoundError, UnavailableError
from pichat.events import Image
from pichat.health import Health
from pichat.llm.base import Message
from pichat.store import find
from pichat.store.behind import WriteBehind
from pichat.store.db import Database, Statement
from pichat.store.find import HOUSE, Conversation
from pichat.store.history import heard_of, title_of, whole
from pichat.store.messages import COLUMNS, StoredMessage, from_row, images_of, inserts

log = structlog.get_logger(__name__)

PART = "conversations"
_PATIENCE_S = 1.0

# Nobody writes into somebody else's, and nobody who has gone writes at all.
_TOUCH = (
    "INSERT INTO conversations (id, title, profile, created_s, updated_s, user_id)"
    " SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE EXISTS (SELECT 1 FROM users WHERE id = ?6)"
    " ON CONFLICT (id) DO UPDATE SET updated_s = max(updated_s, excluded.updated_s),"
    " title = CASE WHEN title = '' THEN excluded.title ELSE title END"
    " WHERE user_id = excluded.user_id"
)
_CHANGE = (
    "UPDATE conversations SET title = coalesce(?, title), profile = coalesce(?, profile)"
    " WHERE id = ?"
)
_FORGET_EMPTY = (
    "DELETE FROM conversations WHERE updated_s < ? AND NOT EXISTS"
    " (SELECT 1 FROM messages WHERE conversation_id = conversations.id)"
)


class _Added(NamedTuple):
    """Messages that are being written, and whose they are."""

    user_id: str
    messages: tuple[StoredMessage, ...]


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Messages of a conversation, oldest first; `more`: older ones are there."""

    messages: tuple[StoredMessage, ...]
    more: bool


class Conversations:
    """A conversation begins with its first message, under whatever id that names, and has the first
    sentence as its title.

    Each is one person's (`user_id`); for everybody else it is as if it were not there, and what
    they would add to it is not kept.

    Whoever reads waits for what is still being written, but at most a second: with a disk that
    takes nothing, `history` still has the messages that wait for it.
    """

    def __init__(self, database: Database, health: Health, again_s: float = 2.0) -> None:
        self._database = database
        self._health = health
        self._behind = WriteBehind(database, self._tell, again_s)

    async def serve(self) -> None:
        """Write until it is cancelled."""
        await self._behind.serve()

    # --- the turn's side -------------------------------------------------------------------

    def add_later(
        self, *messages: StoredMessage, profile: str = "default", user_id: str = HOUSE
    ) -> None:
        """Keep messages, without waiting for the disk. When it is far behind, they are not kept,
        and the log says so: a light need not stay dark for that. `profile`: of a conversation that
        begins with them."""
        try:
            self._behind.later(_additions(messages, profile, user_id), _Added(user_id, messages))
        except BusyError:
            log.warning("messages not kept", messages=len(messages))

    async def add(
        self, *messages: StoredMessage, profile: str = "default", user_id: str = HOUSE
    ) -> None:
        """Keep messages, all or none, on the disk when this returns. Raises
        UnavailableError when it takes none."""
        added = _Added(user_id, messages)
        await self._behind.now(_additions(messages, profile, user_id), added)

    async def add_user(
        self,
        conversation_id: str,
        turn_id: str,
        text: str,
        images: tuple[Image, ...] = (),
        *,
        profile: str = "default",
        user_id: str = HOUSE,
    ) -> StoredMessage:
        """What a person said, on the disk when this returns. Raises as `add`."""
        message = Message(role="user", text=text, images=images)
        stored = StoredMessage.new(conversation_id, turn_id, message)
        await self.add(stored, profile=profile, user_id=user_id)
        return stored

    async def flushed(self) -> None:
        """Wait until everything so far is on the disk. Raises as `add`."""
        await self._behind.flushed()

    async def history(
        self,
        conversation_id: str,
        limit_messages: int,
        *,
        without_turn: str = "",
        user_id: str = HOUSE,
    ) -> tuple[Message, ...]:
        """The newest messages as a model can be asked with them, oldest first, beginning with one
        of the person's; fewer than the limit when the oldest turn does not fit whole. The messages
        of the turn that asks, `without_turn`, are no history yet. Of somebody else's conversation,
        nothing."""
        waiting = self._waiting_in(conversation_id, user_id)
        await self._settled()
        page = await self._page(user_id, conversation_id, None, limit_messages, images=True)
        known = {stored.id for stored in page.messages}
        late = [stored for stored in waiting if stored.id not in known]
        newest = [*page.messages, *late][-limit_messages:]
        return whole([stored.message for stored in newest if stored.turn_id != without_turn])

    async def set_heard(self, turn_id: str, text: str, cut_off: bool) -> None:
        """What of a turn's answer was really heard: that, and no more, is what was said. Raises as
        `add`."""
        if not cut_off:
            return
        await self._settled()
        said = await self._database.read(
            "SELECT id, text FROM messages WHERE turn_id = ? AND role = 'assistant'"
            " ORDER BY number",
            (turn_id,),
        )
        heard = heard_of([whole_text for _, whole_text in said], text)
        await self._behind.now(
            ("UPDATE messages SET text = ?, cut_off = 1 WHERE id = ?", (now, message_id))
            for (message_id, before), now in zip(said, heard, strict=True)
            if now != before
        )

    # --- the screens' side -----------------------------------------------------------------

    async def newest(
        self,
        *,
        user_id: str = HOUSE,
        query: str = "",
        before: str | None = None,
        limit: int = 50,
    ) -> tuple[Conversation, ...]:
        """Those with the newest message first, after the one with the id `before`. `query`: words
        of the title or of one message, each from its beginning."""
        await self._settled()
        return await find.conversations(self._database, user_id, query, before, limit)

    async def get(self, conversation_id: str, *, user_id: str = HOUSE) -> Conversation:
        """Raises NotFoundError, also for somebody else's."""
        await self._settled()
        return await find.conversation(self._database, user_id, conversation_id)

    async def check(self, conversation_id: str, user_id: str) -> None:
        """Raises NotFoundError when it is somebody else's; one that has not begun is nobody's.
        Raises UnavailableError when the disk cannot be read."""
        try:
            owner = await find.owner_of(self._database, conversation_id)
        except sqlite3.Error as error:
            raise UnavailableError(f"What was said cannot be read ({error}).") from error
        if owner not in (None, user_id):
            raise find.unknown(conversation_id)

    async def create(self, title: str, profile: str, *, user_id: str = HOUSE) -> Conversation:
        """Without a title, the first sentence becomes it. Raises as `add`."""
        now_s = time.time()
        new = Conversation(
            id=uuid.uuid4().hex,
            user_id=user_id,
            title=title,
            profile=profile,
            created_s=now_s,
            updated_s=now_s,
        )
        await self._behind.now([(_TOUCH, (new.id, title, profile, now_s, now_s, user_id))])
        return new

    async def update(
        self,
        conversation_id: str,
        *,
        user_id: str = HOUSE,
        title: str | None = None,
        profile: str | None = None,
    ) -> Conversation:
        """Raises NotFoundError, and as `add`."""
        await self.get(conversation_id, user_id=user_id)
        await self._behind.now([(_CHANGE, (title, profile, conversation_id))])
        return await find.conversation(self._database, user_id, conversation_id)

    async def delete(self, conversation_id: str, *, user_id: str = HOUSE) -> None:
        """The conversation with all its messages. Raises NotFoundError, and as `add`."""
        await self.get(conversation_id, user_id=user_id)
        await self._behind.now([("DELETE FROM conversations WHERE id = ?", (conversation_id,))])

    async def delete_all_of(self, user_id: str) -> int:
        """Everything that a person said; how many conversations that were. Raises as `add`."""
        await self._settled()
        rows = await self._database.read(
            "SELECT count(*) FROM conversations WHERE user_id = ?", (user_id,)
        )
        await self._behind.now([("DELETE FROM conversations WHERE user_id = ?", (user_id,))])
        return int(rows[0][0])

    async def messages(
        self,
        conversation_id: str,
        *,
        user_id: str = HOUSE,
        before: str | None = None,
        limit: int = 50,
        images: bool = False,
    ) -> Page:
        """The newest messages, or those before the one with that id. Without `images`, pictures
        have no data. A conversation that has not begun has none. Raises NotFoundError for an
        unknown `before`, and for somebody else's conversation."""
        await self._settled()
        await self.check(conversation_id, user_id)
        upto = None if before is None else await find.number_of(self._database, user_id, before)
        return await self._page(user_id, conversation_id, upto, limit, images=images)

    async def answer_of(self, turn_id: str, *, user_id: str = HOUSE) -> StoredMessage:
        """The last message of the assistant's in a turn, which has how it came to be. Raises
        NotFoundError."""
        await self._settled()
        rows = await self._database.read(
            f"SELECT {COLUMNS} FROM messages WHERE turn_id = ?1 AND role = 'assistant' AND"  # noqa: S608  (constants)
            " conversation_id IN (SELECT id FROM conversations WHERE user_id = ?2)"
            " ORDER BY number DESC LIMIT 1",
            (turn_id, user_id),
        )
        if not rows:
            raise NotFoundError(f"There is no answer “{turn_id}” among what was kept.")
        return from_row(rows[0], {})

    async def delete_message(self, message_id: str, *, user_id: str = HOUSE) -> None:
        """Raises NotFoundError, and as `add`."""
        await self._settled()
        await find.number_of(self._database, user_id, message_id)
        await self._behind.now([("DELETE FROM messages WHERE id = ?", (message_id,))])

    async def forget_before(self, at_s: float) -> None:
        """Delete messages that are older, and conversations that have none left and are older too.
        Raises as `add`."""
        await self._behind.now(
            [("DELETE FROM messages WHERE at_s < ?", (at_s,)), (_FORGET_EMPTY, (at_s,))]
        )

    # ---------------------------------------------------------------------------------------

    async def _page(
        self, user_id: str, conversation_id: str, upto: int | None, limit: int, *, images: bool
    ) -> Page:
        """The newest messages, of those before the number `upto` if it is given. For what is on the
        disk."""
        rows = await self._database.read(
            f"SELECT {COLUMNS} FROM messages WHERE conversation_id = ?1"  # noqa: S608  (constants)
            " AND EXISTS (SELECT 1 FROM conversations WHERE id = ?1 AND user_id = ?4)"
            " AND (?2 IS NULL OR number < ?2) ORDER BY number DESC LIMIT ?3",
            (conversation_id, upto, limit + 1, user_id),
        )
        newest = list(reversed(rows[:limit]))
        pictures = await find.images(self._database, [row[0] for row in newest], data=images)
        found = images_of(pictures)
        return Page(messages=tuple(from_row(row, found) for row in newest), more=len(rows) > limit)

    async def _settled(self) -> None:
        with suppress(TimeoutError, UnavailableError):
            async with asyncio.timeout(_PATIENCE_S):
                await self._behind.flushed()

    def _waiting_in(self, conversation_id: str, user_id: str) -> list[StoredMessage]:
        entries: Iterator[_Added | None] = self._behind.waiting()
        return [
            stored
            for entry in entries
            if entry is not None and entry.user_id == user_id
            for stored in entry.messages
            if stored.conversation_id == conversation_id
        ]

    def _tell(self, reason: str | None) -> None:
        if reason is not None:
            self._health.set(PART, "degraded", reason)
        elif PART in self._health.parts():
            self._health.set(PART, "ok")


def _additions(
    messages: Sequence[StoredMessage], profile: str, user_id: str
) -> Iterator[Statement]:
    for stored in messages:
        message = stored.message
        title = title_of(message.text) if message.role == "user" else ""
        yield _TOUCH, (stored.conversation_id, title, profile, stored.at_s, stored.at_s, user_id)
    for stored in messages:
        yield from inserts(stored, user_id)


@asynccontextmanager
async def open_conversations(
    database: Database, health: Health, again_s: float = 2.0
) -> AsyncIterator[Conversations]:
    """Conversations whose messages are all written when the context ends, if the disk takes
    them."""
    conversations = Conversations(database, health, again_s)
    writer = asyncio.create_task(conversations.serve(), name="conversations")
    try:
        yield conversations
        try:
            await conversations.flushed()
        except UnavailableError as error:
            log.warning("messages lost", reason=error.sentence)
    finally:
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)
