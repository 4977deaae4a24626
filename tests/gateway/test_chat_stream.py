"""Chat as the front ends of seed 004 do it."""

from collections.abc import AsyncIterator
from io import BytesIO

import pytest

from pichat.events import Image, Said, Tokens
from pichat.llm.base import Message
from pichat.store.clients import LlmWishes
from pichat.store.messages import StoredMessage
from tests.gateway.fakes import World
from tests.gateway.http import Http, Json, connected, read_events
from tests.gateway.kept.pictures import png
from tests.gateway.test_v1_chat import DATA_URL, PNG

PATH = "/api/chat/stream"
SESSION = "/api/chat/session/mine"


@pytest.fixture
async def http(world: World) -> AsyncIterator[Http]:
    async with connected(world.url) as client:
        yield client


async def test_an_answer_is_streamed(http: Http) -> None:
    body = {"text": "turn on the Kitchen light", "session_id": "mine"}
    session, *chunks, metadata, done = await http.events("POST", PATH, body)
    assert (session.event, session.json["session_id"]) == ("session", "mine")
    assert (metadata.event, done.data) == ("metadata", "[DONE]")
    assert metadata.json["pichat"]["metadata"]["conversation_id"] == "mine"
    assert metadata.json["usage"]["total_tokens"] == 0
    (tool,) = [chunk for chunk in chunks if chunk.event == "tool"]
    assert tool.json["pichat"]["tool"]["outcomes"][0]["state"] is True
    # What has a name of its own has no choices, for readers that look at nothing else.
    assert session.json["choices"] == tool.json["choices"] == metadata.json["choices"] == []
    plain = [chunk.json for chunk in chunks if chunk.event == "message"]
    text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in plain)
    assert text == "The Kitchen light is on."
    assert plain[-1]["choices"][0]["finish_reason"] == "stop"


async def test_what_was_said_before_is_the_sessions_or_the_clients(
    world: World, http: Http
) -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hello."},
        {"role": "assistant", "content": "Good morning."},
        {"role": "user", "content": "And now?"},
    ]
    await http.events("POST", PATH, {"messages": messages, "session_id": "mine"})
    await http.events("POST", PATH, {"messages": messages})
    first = await http.events("POST", PATH, {"messages": messages[-1:]})
    kept, whole, begun = world.turns.utterances
    assert [each.candidates for each in (kept, whole, begun)] == [("And now?",)] * 3
    assert [each.terms.system for each in (kept, whole, begun)] == ["Be brief."] * 2 + [None]
    assert (kept.conversation_id, kept.history) == ("mine", None)
    told = (Said(role="user", text="Hello."), Said(role="assistant", text="Good morning."))
    assert whole.history == told
    assert begun.history is None
    assert first[0].json["session_id"] == begun.conversation_id


async def test_a_clients_settings_hold_unless_the_request_says_otherwise(
    world: World, http: Http
) -> None:
    clients = world.gateway._services.clients
    await world.profiles.create("butler", {})
    llm = LlmWishes(model="scripted", temperature=0.5, max_tokens=9, profile="butler")
    await clients.change("kiosk", llm=llm)
    await http.events("POST", PATH, {"text": "hm"}, **{"X-Client-Id": "kiosk"})
    await http.events(
        "POST", PATH, {"text": "hm", "client_id": "kiosk", "temperature": 1, "model": "pichat"}
    )
    first, second = world.turns.utterances
    assert (first.terms.model, first.terms.temperature, first.profile) == (
        "scripted",
        0.5,
        "butler",
    )
    assert (second.terms.model, second.terms.temperature, second.terms.max_tokens) == (None, 1, 9)
    refused = await http.ask("POST", PATH, {"text": "hm"}, **{"X-Client-Id": "a b"})
    assert (refused[0], "X-Client-Id" in refused[1]["error"]) == (400, True)


async def test_pictures_come_within_or_as_uploads(world: World, http: Http) -> None:
    path = f"{http.url}/api/uploads?name=cat.png"
    async with http.session.post(path, data=BytesIO(png())) as response:
        upload_id = (await response.json())["id"]
    sent = Image(media_type="image/png", data=png())
    within = {"type": "image_url", "image_url": {"url": DATA_URL}}
    parts: list[Json] = [{"type": "text", "text": "What is it?"}, within]
    parts += [
        {"type": "image_url", "image_url": {"url": url}}
        for url in (f"upload:{upload_id}", f"/api/uploads/{upload_id}/content")
    ]
    body = {"messages": [{"role": "user", "content": parts}], "attachments": [upload_id]}
    await http.events("POST", PATH, body)
    first = Image(media_type="image/png", data=PNG)
    assert world.turns.utterances[-1].images == (first, sent, sent, sent)
    missing = await http.ask("POST", PATH, {"text": "hm", "attachments": ["nothing"]})
    assert missing[0] == 404


async def test_what_cannot_be_asked(http: Http) -> None:
    for body, status in (
        ({}, 400),
        ({"text": ""}, 400),
        ({"text": "hm", "model": "nobody"}, 404),
        ({"text": "hm", "profile": "nobody"}, 404),
        ({"text": "fail"}, 503),
        ({"messages": [{"role": "assistant", "content": "hm"}], "session_id": "mine"}, 400),
    ):
        found, refused = await http.ask("POST", PATH, body)
        assert (found, isinstance(refused["error"], str)) == (status, True)


async def test_whoever_goes_ends_the_turn(world: World, http: Http) -> None:
    async with http.open("POST", PATH, {"text": "wait"}) as response:
        async for event in read_events(response):
            assert event.event == "session"
            break
        await world.turns.waiting.wait()
        response.close()
    await world.turns.ended.wait()


async def test_a_session_can_be_read_and_cleared(world: World, http: Http) -> None:
    asked = StoredMessage.new("mine", "t1", Message(role="user", text="Hello."))
    answered = StoredMessage.new(
        "mine",
        "t1",
        Message(role="assistant", text="Good morning."),
        provider="scripted",
        model="large",
        tokens=Tokens(input=7, output=3, cost_usd=0.01),
        timings_ms={"first_word": 12.0, "total": 34.0},
    )
    await world.conversations.add(asked, answered)
    status, shown = await http.ask("GET", SESSION)
    assert (status, shown["conversation"]["messages"]) == (200, 2)
    status, listed = await http.ask("GET", f"{SESSION}/messages?limit=1")
    assert [each["text"] for each in listed["messages"]] == ["Good morning."]
    assert listed["more"] is True
    for name in ("t1", "chatcmpl-t1"):
        status, generation = await http.ask("GET", f"/api/chat/generation/{name}")
        found = generation["data"]
        assert (status, found["session_id"], found["model"]) == (200, "mine", "large")
        assert (found["tokens_prompt"], found["total_cost"]) == (7, 0.01)
        assert (found["latency"], found["generation_time"]) == (12.0, 34.0)
    assert (await http.ask("GET", "/api/chat/generation/nothing"))[0] == 404
    path = f"{SESSION}/messages/{asked.id}"
    assert (await http.ask("DELETE", path))[0] == 200
    assert (await http.ask("DELETE", path))[0] == 404
    assert (await http.ask("DELETE", SESSION))[1] == {"session_id": "mine", "cleared": True}
    assert (await http.ask("DELETE", SESSION))[1] == {"session_id": "mine", "cleared": False}
    assert (await http.ask("GET", SESSION))[0] == 404
    assert (await http.ask("GET", f"{SESSION}/messages"))[1]["messages"] == []
