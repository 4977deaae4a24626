"""Conversations by WebSocket, over the real store."""

from typing import Any

import pytest

from pichat.events import Image, Tokens
from pichat.llm.base import Call, Message
from pichat.store.messages import StoredMessage
from tests.gateway.fakes import World
from tests.gateway.screen import Screen


async def test_a_conversation_from_beginning_to_end(world: World, screen: Screen) -> None:
    created = await screen.ask("create_conversation", {"title": " Holiday\nplans "})
    assert created["action"] == "conversation_created"
    conversation = created["payload"]["conversation"]
    assert (conversation["title"], conversation["profile"]) == ("Holiday plans", "default")
    await world.conversations.add_user(conversation["id"], "t1", "Where shall we go?")
    found = await screen.ask("get_conversation", {"id": conversation["id"]})
    assert found["action"] == "conversation"
    assert found["payload"]["conversation"]["messages"] == 1
    times = ("created_at", "last_message_at")
    assert all(found["payload"]["conversation"][each].endswith("Z") for each in times)
    update = {"id": conversation["id"], "title": "Summer"}
    updated = await screen.ask("update_conversation", update)
    assert updated["action"] == "conversation_updated"
    listed = await screen.ask("get_conversations", {"query": "where"})
    assert listed["action"] == "conversations_list"
    assert listed["payload"]["conversations"] == [updated["payload"]["conversation"]]
    assert (await screen.ask("get_conversations", {"query": "never"}))["payload"] == {
        "conversations": []
    }
    deleted = await screen.ask("delete_conversation", {"id": conversation["id"]})
    assert (deleted["action"], deleted["payload"]) == (
        "conversation_deleted",
        {"id": conversation["id"]},
    )


async def test_messages_come_whole_but_without_what_only_a_provider_understands(
    world: World, screen: Screen
) -> None:
    call = Call(id="c1", name="get_time", arguments="{}", extra={"signature": "secret"})
    picture = Image(media_type="image/png", data=b"\x89PNG")
    answer = StoredMessage.new(
        "voice",
        "t1",
        Message(role="assistant", text="It is 5.", calls=(call,), extra={"thought": "secret"}),
        provider="local",
        model="tiny",
        tokens=Tokens(input=10, output=3),
        timings_ms={"total": 5.0},
    )
    await world.conversations.add_user("voice", "t1", "What time is it?", (picture,))
    await world.conversations.add(answer)
    reply = await screen.ask("get_messages", {"conversation_id": "voice", "images": True})
    assert reply["action"] == "messages_list"
    question, told = reply["payload"]["messages"]
    assert question["images"] == [{"media_type": "image/png", "data": "iVBORw=="}]
    assert told["calls"] == [{"id": "c1", "name": "get_time", "arguments": "{}"}]
    assert (told["provider"], told["model"], told["usage"]["input"]) == ("local", "tiny", 10)
    assert "secret" not in str(reply)
    deleted = await screen.ask("delete_message", {"id": told["id"]})
    assert (deleted["action"], deleted["payload"]) == ("message_deleted", {"id": told["id"]})
    reply = await screen.ask("get_messages", {"conversation_id": "voice"})
    assert [each["images"][0]["data"] for each in reply["payload"]["messages"]] == [""]


async def test_a_page_is_never_too_large(world: World, screen: Screen) -> None:
    for number in range(20):
        await world.conversations.add_user("c", "t", f"{number} " + "x" * 45_000)
    payload: dict[str, Any] = {"conversation_id": "c"}
    pages: list[list[str]] = []
    more = True
    while more:
        reply = await screen.ask("get_messages", payload)
        assert len(str(reply)) < 1.2 * 1024 * 1024
        messages, more = reply["payload"]["messages"], reply["payload"]["more"]
        pages.insert(0, [each["text"].split()[0] for each in messages])
        payload["before"] = messages[0]["id"]
    assert len(pages) == 2
    assert pages[0] + pages[1] == [f"{number}" for number in range(20)]
    big = Image(media_type="image/png", data=bytes(2_000_000))
    await world.conversations.add_user("c", "t", "look", (big,))
    reply = await screen.ask("get_messages", {"conversation_id": "c", "images": True})
    assert [each["text"] for each in reply["payload"]["messages"]] == ["look"]
    assert reply["payload"]["more"]


@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("get_conversation", {"id": "x"}, "not_found"),
        ("update_conversation", {"id": "x", "title": "y"}, "not_found"),
        ("update_conversation", {"id": "x", "title": "\u202e"}, "bad_request"),
        ("update_conversation", {"id": "x", "profile": "nobody"}, "not_found"),
        ("create_conversation", {"profile": "nobody"}, "not_found"),
        ("create_conversation", {"title": ""}, "bad_request"),
        ("delete_conversation", {"id": "x"}, "not_found"),
        ("delete_message", {"id": "x"}, "not_found"),
        ("get_messages", {"conversation_id": "x", "before": "y"}, "not_found"),
        ("get_messages", {"conversation_id": "x", "limit": 0}, "bad_request"),
        ("get_conversations", {"limit": 1000}, "bad_request"),
    ],
)
async def test_what_is_not_there_is_said(
    screen: Screen, action: str, payload: dict[str, Any], code: str
) -> None:
    assert (await screen.ask(action, payload))["payload"]["code"] == code
