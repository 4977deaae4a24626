"""Conversations in real SQLite, in a temporary directory."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec import structs

from pichat.bus import Bus
from pichat.errors import NotFoundError, UnavailableError
from pichat.events import Image, Tokens, Tried
from pichat.health import Health
from pichat.llm.base import Call, Message
from pichat.store.conversations import PART, Conversations, open_conversations
from pichat.store.db import Database, open_database
from pichat.store.messages import LONGEST_TEXT, StoredMessage

CALL = Call(id="call-1", name="get_time", arguments="{}", extra={"signature": "abc"})


def said(text: str, conversation_id: str = "voice", turn_id: str = "t1") -> StoredMessage:
    return StoredMessage.new(conversation_id, turn_id, Message(role="user", text=text))


def answered(text: str, conversation_id: str = "voice", turn_id: str = "t1") -> StoredMessage:
    message = Message(role="assistant", text=text)
    return StoredMessage.new(conversation_id, turn_id, message, provider="local", model="tiny")


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[tuple[Conversations, Database, Health]]:
    health = Health(Bus())
    async with (
        open_database(path / "pichat.db") as database,
        open_conversations(database, health, again_s=0.01) as conversations,
    ):
        yield conversations, database, health


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Conversations]:
    async with opened(tmp_path) as (conversations, _, _):
        yield conversations


async def test_a_message_comes_back_as_it_was(tmp_path: Path) -> None:
    whole = StoredMessage.new(
        "voice",
        "t1",
        Message(
            role="assistant",
            text="It is 5 o’clock.",
            images=(Image(media_type="image/png", data=b"\x89PNG"),),
            calls=(CALL,),
            extra={"reasoning_details": [{"type": "text", "text": "hm"}]},
            extra_of="openrouter",
        ),
        provider="openrouter",
        model="some/model",
        tokens=Tokens(input=100, output=5, cached=90, cost_usd=0.0001),
        timings_ms={"total": 1234.5},
        tried=(Tried(provider="local", code="busy", reason="It is busy.", after_ms=3.0),),
        code=None,
        cut_off=True,
    )
    result = Message(role="tool", text="17:00", call_id="call-1", name="get_time", outside=True)
    tool = StoredMessage.new("voice", "t1", result)
    async with opened(tmp_path) as (store, _, _):
        await store.add(said("What time is it?"), whole, tool)
    async with opened(tmp_path) as (store, _, _):
        page = await store.messages("voice", images=True)
        assert page.messages[1:] == (whole, tool)
        without = await store.messages("voice")
        assert without.messages[1].message.images == (Image(media_type="image/png", data=b""),)


async def test_what_was_acknowledged_survives_the_end_of_the_process(tmp_path: Path) -> None:
    script = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from tests.store.test_conversations import opened\n"
        "async def main():\n"
        "    async with opened(Path(sys.argv[1])) as (store, _, _):\n"
        "        for number in range(20):\n"
        "            await store.add_user('voice', 'turn', f'sentence {number}')\n"
        "            print(number, flush=True)\n"
        "        await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    acknowledged = -1
    async with asyncio.timeout(20):
        while acknowledged < 12:
            acknowledged = int(await process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    await process.wait()
    async with opened(tmp_path) as (store, database, _):
        kept = [stored.message.text for stored in (await store.messages("voice")).messages]
        assert kept[: acknowledged + 1] == [f"sentence {n}" for n in range(acknowledged + 1)]
        assert await database.read("PRAGMA integrity_check") == [("ok",)]


async def test_messages_added_together_are_all_or_none(store: Conversations) -> None:
    first = said("One.")
    await store.add(first)
    with pytest.raises(Exception, match="UNIQUE"):
        await store.add(answered("Two."), first)
    assert [each.message.text for each in (await store.messages("voice")).messages] == ["One."]


async def test_what_cannot_be_written_does_not_take_others_with_it(store: Conversations) -> None:
    first = said("One.")
    store.add_later(first)
    store.add_later(answered("Two."))
    store.add_later(first)
    store.add_later(answered("Three."))
    await store.flushed()  # a reader would not wait so long for a traceback to be written
    texts = [each.message.text for each in (await store.messages("voice")).messages]
    assert texts == ["One.", "Two.", "Three."]


async def test_a_disk_that_takes_nothing_is_told_and_tried_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, database, health):
        await store.add(said("Before."))
        await database.write("ALTER TABLE messages RENAME TO elsewhere")
        store.add_later(said("Meanwhile."))
        with pytest.raises(UnavailableError):
            await store.add(said("Waited for."))
        assert health.parts()[PART].status == "degraded"
        await database.write("ALTER TABLE elsewhere RENAME TO messages")
        await store.flushed()
        assert health.parts()[PART].status == "ok"
        history = await store.history("voice", 10)
        assert [message.text for message in history] == ["Before.", "Meanwhile."]


async def test_history_has_what_the_disk_does_not_take(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, database, _):
        await store.add(said("Before."))
        await database.write(
            "CREATE TRIGGER full BEFORE INSERT ON messages BEGIN SELECT no_such_function(); END"
        )
        store.add_later(said("Meanwhile."))
        history = await store.history("voice", 10)
        await database.write("DROP TRIGGER full")
        assert [message.text for message in history] == ["Before.", "Meanwhile."]


async def test_messages_written_behind_are_there_when_it_is_closed(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, _, _):
        for number in range(300):
            store.add_later(said(f"{number}"))
    async with opened(tmp_path) as (store, _, _):
        page = await store.messages("voice", limit=500)
        assert [each.message.text for each in page.messages] == [f"{n}" for n in range(300)]


async def test_too_much_at_once_is_refused_and_not_piled_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path) as (store, _, _):
        for number in range(1500):
            store.add_later(said(f"{number}"))
        # Where it goes depends on whether a test before has set logging up.
        assert "messages not kept" in capsys.readouterr().out + caplog.text
        await store.flushed()  # a reader would not wait so long on a busy machine
        page = await store.messages("voice", limit=2000)
        assert len(page.messages) == 1000


async def test_history_begins_with_the_person_and_is_whole(store: Conversations) -> None:
    calling = Message(role="assistant", calls=(CALL,))
    result = Message(role="tool", text="17:00", call_id="call-1", name="get_time")
    lost = Message(
        role="assistant", text="Let me see.", calls=(Call(id="x", name="y", arguments="{}"),)
    )
    messages = (
        Message(role="user", text="What time is it?"),
        calling,
        result,
        Message(role="assistant", text="It is 5."),
        Message(role="user", text="And the weather?"),
        lost,
        Message(role="assistant", text=""),
    )  # fmt: skip
    await store.add(*(StoredMessage.new("voice", "t", each) for each in messages))
    history = await store.history("voice", 50)
    assert history[:5] == messages[:5]
    assert [(each.text, each.calls) for each in history[5:]] == [("Let me see.", ())]
    assert await store.history("voice", 5) == history[4:]  # the first turn does not fit whole
    assert await store.history("elsewhere", 5) == ()


async def test_history_does_without_the_result_of_a_deleted_call(store: Conversations) -> None:
    calling = StoredMessage.new("voice", "t", Message(role="assistant", calls=(CALL,)))
    result = Message(role="tool", text="17:00", call_id="call-1", name="get_time")
    await store.add(said("Time?"), calling, StoredMessage.new("voice", "t", result))
    await store.delete_message(calling.id)
    assert [each.role for each in await store.history("voice", 9)] == ["user"]


async def test_only_what_was_heard_was_said(store: Conversations) -> None:
    calling = Message(role="assistant", text="Let me look, please.", calls=(CALL,))
    result = Message(role="tool", text="17:00", call_id="call-1", name="get_time")
    await store.add(
        said("Time?"),
        StoredMessage.new("voice", "t1", calling),
        StoredMessage.new("voice", "t1", result),
        answered("It is *5*. Anything else?"),
        answered("Not of this turn.", turn_id="t0"),
    )
    await store.set_heard("t1", "Let me look, please. It is 5.", cut_off=True)
    kept = (await store.messages("voice")).messages
    assert [(each.message.text, each.cut_off) for each in kept] == [
        ("Time?", False),
        ("Let me look, please.", False),
        ("17:00", False),
        ("It is 5.", True),
        ("Not of this turn.", False),
    ]
    await store.set_heard("t1", "", cut_off=True)
    assert [each.text for each in await store.history("voice", 9)] == [
        "Time?", "", "17:00", "Not of this turn.",
    ]  # fmt: skip


async def test_the_first_sentence_is_the_title(store: Conversations) -> None:
    await store.add(answered("Hello!"))
    await store.add(said("Please  help.\nIt rains."))
    await store.add(said("And now something else."))
    assert (await store.get("voice")).title == "Please help."
    long = "I want you to tell me a story about a dog that is longer than any of the others"
    await store.add(said(long, "long"))
    assert (await store.get("long")).title == (
        "I want you to tell me a story about a dog that is longer…"
    )


async def test_conversations_are_listed_newest_first_and_in_pages(store: Conversations) -> None:
    for number in range(5):
        await store.add(said("Hi.", f"c{number}"))
    await store.add(said("Again.", "c1"))
    first = await store.newest(limit=2)
    assert [(each.id, each.messages) for each in first] == [("c1", 2), ("c4", 1)]
    rest = await store.newest(before="c4")
    assert [each.id for each in rest] == ["c3", "c2", "c0"]


async def test_conversations_are_found_by_words_and_titles(store: Conversations) -> None:
    await store.add(said("Włącz światło w kuchni", "polish"), answered("Gotowe.", "polish"))
    await store.add(said("What is a 50% rise?", "sums"))
    secret = Message(role="tool", text="password", call_id="call-1", name="get_page")
    await store.add(StoredMessage.new("sums", "t", secret))
    await store.create("Holiday plans", "default")

    async def found(query: str) -> list[str]:
        return [each.title for each in await store.newest(query=query)]

    assert await found("swia kuchni") == ["Włącz światło w kuchni"]
    assert await found("kuchnia") == []
    assert await found("kuch włącz") == ["Włącz światło w kuchni"]
    assert await found("gotowe") == ["Włącz światło w kuchni"]
    assert await found("50%") == ["What is a 50% rise?"]
    assert await found("%") == ["What is a 50% rise?"]
    assert await found("holi") == ["Holiday plans"]
    assert await found("password") == []
    assert await found('" OR NEAR(') == []
    await store.delete("polish")
    assert await found("gotowe") == []


async def test_what_was_heard_is_what_is_found(store: Conversations) -> None:
    await store.add(said("Tell me.", "c"), answered("A dragon came. A princess fled.", "c"))
    await store.set_heard("t1", "A dragon came.", cut_off=True)
    assert len(await store.newest(query="dragon")) == 1
    assert await store.newest(query="princess") == ()


async def test_messages_come_in_pages(store: Conversations) -> None:
    await store.add(*(said(f"{number}") for number in range(7)))
    last = await store.messages("voice", limit=3)
    assert [each.message.text for each in last.messages] == ["4", "5", "6"]
    assert last.more
    first = await store.messages("voice", before=last.messages[0].id, limit=4)
    assert [each.message.text for each in first.messages] == ["0", "1", "2", "3"]
    assert not first.more
    with pytest.raises(NotFoundError):
        await store.messages("voice", before="nobody")


async def test_a_conversation_goes_with_everything_in_it(tmp_path: Path) -> None:
    image = Image(media_type="image/png", data=b"\x89PNG")
    async with opened(tmp_path) as (store, database, _):
        kept = await store.add_user("c", "t", "Look at this.", (image,), profile="kids")
        assert (await store.get("c")).profile == "kids"
        changed = await store.update("c", title="A picture")
        assert (changed.title, changed.profile) == ("A picture", "kids")
        await store.delete("c")
        for gone in (store.get("c"), store.delete("c"), store.update("c"),
                     store.delete_message(kept.id)):  # fmt: skip
            with pytest.raises(NotFoundError):
                await gone
        for table in ("messages", "images"):
            assert await database.read(f"SELECT count(*) FROM {table}") == [(0,)]
        await database.write("INSERT INTO spoken (spoken) VALUES ('integrity-check')")


async def test_what_is_old_is_forgotten(store: Conversations) -> None:
    await store.add(said("Old.", "old"), said("Old.", "both"))
    (old,) = (await store.messages("both")).messages
    border_s = old.at_s + 1
    await store.add(structs.replace(said("New.", "both"), at_s=border_s))
    await store.forget_before(border_s)
    assert [each.id for each in await store.newest()] == ["both"]
    assert [each.message.text for each in (await store.messages("both")).messages] == ["New."]


async def test_what_is_too_large_is_cut_and_what_is_no_text_is_replaced(
    store: Conversations,
) -> None:
    images = tuple(Image(media_type="image/png", data=bytes(3_000_000)) for _ in range(5))
    await store.add_user("c", "t", "x" * (LONGEST_TEXT + 1), images)
    await store.add_user("c", "t", "half a \ud83d character")
    first, second = (await store.messages("c", images=True)).messages
    assert len(first.message.text) == LONGEST_TEXT
    assert first.message.text.endswith("[…]")
    assert len(first.message.images) == 2
    assert second.message.text == "half a ? character"
