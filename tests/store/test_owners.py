"""A conversation is one person's: for everybody else it is as if it were not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from pichat.errors import NotFoundError
from pichat.events import Image
from pichat.llm.base import Message
from pichat.store.conversations import Conversations
from pichat.store.db import Database
from pichat.store.messages import StoredMessage
from pichat.store.users import User, UserTable
from tests.store.test_conversations import opened


def said(text: str, conversation_id: str) -> StoredMessage:
    picture = Image(media_type="image/png", data=b"\x89PNG")
    message = Message(role="user", text=text, images=(picture,))
    return StoredMessage.new(conversation_id, "t1", message)


async def two_people(database: Database) -> None:
    table = UserTable(database)
    for user_id in ("anna", "ben"):
        await table.save(User(id=user_id, name=user_id.title(), kind="adult", created_s=1.0))


async def nothing_of_annas(conversations: Conversations, user_id: str) -> None:
    assert await conversations.newest(user_id=user_id) == ()
    assert await conversations.newest(user_id=user_id, query="secret") == ()
    assert await conversations.history("c", 10, user_id=user_id) == ()
    [mine] = (await conversations.messages("c", user_id="anna")).messages
    for refused in (
        conversations.get("c", user_id=user_id),
        conversations.check("c", user_id),
        conversations.messages("c", user_id=user_id),
        conversations.update("c", title="Mine now", user_id=user_id),
        conversations.delete("c", user_id=user_id),
        conversations.delete_message(mine.id, user_id=user_id),
        conversations.messages("other", before=mine.id, user_id=user_id),
    ):
        with pytest.raises(NotFoundError):
            await refused


async def test_only_its_person_has_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as (conversations, database, _):
        await two_people(database)
        await conversations.add(said("a secret", "c"), user_id="anna")
        for other in ("ben", "house", "guest"):
            await nothing_of_annas(conversations, other)
        # What somebody else says under that id is not kept, and takes nothing away.
        conversations.add_later(said("I was here", "c"), user_id="ben")
        assert [each.text for each in await conversations.history("c", 9, user_id="anna")] == [
            "a secret"
        ]
        await conversations.flushed()
        assert [each.user_id for each in await conversations.newest(user_id="anna")] == ["anna"]
        assert await database.read("SELECT count(*) FROM images") == [(1,)]
        await conversations.update("c", title="Ours", user_id="anna")
        assert (await conversations.get("c", user_id="anna")).title == "Ours"


async def test_with_a_person_everything_they_said_goes(tmp_path: Path) -> None:
    async with opened(tmp_path) as (conversations, database, _):
        await two_people(database)
        for name in ("c1", "c2"):
            await conversations.add(said("hello", name), user_id="anna")
        await conversations.add(said("hello", "c3"), user_id="ben")
        await UserTable(database).forget("anna")
        assert await conversations.delete_all_of("anna") == 2
        # A turn that was still under way leaves nothing behind.
        await conversations.add(said("and bye", "c1"), said("bye", "c4"), user_id="anna")
        assert await database.read("SELECT id, user_id FROM conversations") == [("c3", "ben")]
        assert await database.read("SELECT count(*) FROM messages") == [(1,)]
