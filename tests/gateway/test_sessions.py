"""Conversations that are followed by server-sent events, as those of seed 002 are."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.gateway.fakes import World, running_world
from tests.gateway.http import Event, Http, connected, read_events
from tests.gateway.screen import DEADLINE_S

START, MESSAGE = "/api/conversation/start", "/api/conversation/message"


@pytest.fixture
async def http(world: World) -> AsyncIterator[Http]:
    async with connected(world.url) as client:
        yield client


async def start(http: Http, **body: object) -> str:
    status, session = await http.ask("POST", START, body)
    assert (status, session["state"], session["last_event_id"]) == (201, "idle", 0)
    return str(session["session_id"])


async def read(http: Http, session_id: str, *until: str, **headers: str) -> list[Event]:
    """The events until one of that name or id; then the connection is closed."""
    found: list[Event] = []
    async with (
        asyncio.timeout(DEADLINE_S),
        http.open("GET", f"/api/events/{session_id}", **headers) as response,
    ):
        assert response.status == 200
        async for event in read_events(response):
            found.append(event)
            if event.event in until or event.id in until:
                break
        response.close()
    return found


async def test_a_conversation_from_start_to_end(world: World, http: Http) -> None:
    session_id = await start(http, system_prompt="You are a butler.", model="scripted")
    following = asyncio.create_task(read(http, session_id, "ended"))
    status, answer = await http.ask(
        "POST", MESSAGE, {"session_id": session_id, "message": "turn on the Kitchen light"}
    )
    assert (status, answer["response"], answer["code"]) == (200, "The Kitchen light is on.", None)
    status, shown = await http.ask("GET", f"/api/conversation/session/{session_id}")
    assert (status, shown["messages"], shown["state"]) == (200, 1, "idle")
    assert (await http.ask("GET", "/api/conversation/sessions"))[1]["sessions"] == [shown]
    status, ended = await http.ask("DELETE", f"/api/conversation/session/{session_id}")
    assert (status, ended["status"]) == (200, "ended")
    events = await following
    assert [event.id for event in events] == [str(n) for n in range(1, len(events) + 1)]
    assert all(event.json["type"] == event.event for event in events)
    names = [event.event for event in events]
    assert names[:4] == ["transcription", "state_change", "tool", "state_change"]
    assert names[-3:] == ["answered", "state_change", "ended"]
    said = events[0].json
    assert (said["text"], said["final"], said["turn_id"]) == (
        "turn on the Kitchen light",
        True,
        answer["turn_id"],
    )
    states = [event.json["state"] for event in events if event.event == "state_change"]
    assert states == ["thinking", "speaking", "idle"]
    spoken = [event.json["text"] for event in events if event.event == "agent_speaking"]
    assert "".join(spoken) == "The Kitchen light is on."
    (utterance,) = world.turns.utterances
    assert (utterance.conversation_id, utterance.terms.system, utterance.terms.model) == (
        session_id,
        "You are a butler.",
        "scripted",
    )
    for method, path, body in (
        ("GET", f"/api/conversation/session/{session_id}", None),
        ("DELETE", f"/api/conversation/session/{session_id}", None),
        ("GET", f"/api/events/{session_id}", None),
        ("POST", MESSAGE, {"session_id": session_id, "text": "hm"}),
        ("GET", "/api/livekit/rooms", None),
    ):
        assert (await http.ask(method, path, body))[0] == 404


async def test_nothing_is_lost_or_doubled_across_connections(world: World, http: Http) -> None:
    session_id = await start(http)
    body = {"session_id": session_id, "message": "count 40", "wait": False}
    status, accepted = await http.ask("POST", MESSAGE, body)
    assert (status, accepted["status"]) == (200, "accepted")
    heard: list[Event] = []
    last = "0"
    while not any(event.event == "answered" for event in heard):
        # A connection that breaks after a few events, again and again.
        until = str(int(last) + 7)
        heard += await read(http, session_id, until, "answered", **{"Last-Event-ID": last})
        last = str(heard[-1].id)
    assert [event.id for event in heard] == [str(n) for n in range(1, len(heard) + 1)]
    spoken = [event.json["text"] for event in heard if event.event == "agent_speaking"]
    assert "".join(spoken) == "x" * 40


async def test_the_first_to_listen_hears_all_and_later_ones_from_now_on(http: Http) -> None:
    session_id = await start(http)
    await http.ask("POST", MESSAGE, {"session_id": session_id, "message": "hm"})
    first = await read(http, session_id, "answered")
    assert [event.id for event in first[:2]] == ["1", "2"]
    async with http.open("GET", f"/api/events/{session_id}") as response:
        await http.ask("DELETE", f"/api/conversation/session/{session_id}")
        later = [event async for event in read_events(response)]
    assert [event.event for event in later] == ["state_change", "ended"]


async def test_what_is_too_long_ago_is_told_as_lost(http: Http) -> None:
    session_id = await start(http)
    await http.ask("POST", MESSAGE, {"session_id": session_id, "message": "count 600"})
    lost, *rest = await read(http, session_id, "answered", **{"Last-Event-ID": "3"})
    assert lost.event == "lost"
    assert lost.json["from"] == 4
    assert int(str(lost.id)) == lost.json["to"] == int(str(rest[0].id)) - 1
    assert len(rest) <= 512
    # Not an id of this session: it gets what there is.
    lost, *_ = await read(http, session_id, "lost", **{"Last-Event-ID": "99999"})
    assert lost.json["from"] == 0
    bad = await http.ask("GET", f"/api/events/{session_id}", **{"Last-Event-ID": "x"})
    assert (bad[0], "Last-Event-ID" in bad[1]["error"]) == (400, True)


async def test_failures_are_told_to_who_asked_and_to_who_listens(world: World, http: Http) -> None:
    session_id = await start(http)
    for text, status, code in (("fail", 503, "unavailable"), ("crash", 500, "internal")):
        found, refused = await http.ask(
            "POST", MESSAGE, {"session_id": session_id, "message": text}
        )
        assert (found, refused["code"]) == (status, code)
        assert "secret" not in refused["error"]
    _, shown = await http.ask("GET", f"/api/conversation/session/{session_id}")
    heard = await read(http, session_id, str(shown["last_event_id"]))
    errors = [event.json for event in heard if event.event == "error"]
    assert [error["code"] for error in errors] == ["unavailable", "internal"]
    for body, status in (
        ({"session_id": session_id}, 400),
        ({"session_id": session_id, "message": " "}, 400),
        ({"session_id": session_id, "message": "hm", "attachments": ["nothing"]}, 404),
        ({"message": "hm"}, 400),
    ):
        assert (await http.ask("POST", MESSAGE, body))[0] == status
    for body in ({"profile": "nobody"}, {"model": "nobody"}):
        assert (await http.ask("POST", START, body))[0] == 404


async def test_whoever_waits_and_goes_ends_the_turn(world: World, http: Http) -> None:
    session_id = await start(http)
    body = {"session_id": session_id, "message": "wait"}
    asking = asyncio.create_task(http.ask("POST", MESSAGE, body))
    await world.turns.waiting.wait()
    asking.cancel()
    await world.turns.ended.wait()
    heard = await read(http, session_id, "error")
    assert heard[-1].json["code"] == "cancelled"


async def test_whoever_listens_and_goes_ends_nothing_but_ending_does(
    world: World, http: Http
) -> None:
    session_id = await start(http)
    body = {"session_id": session_id, "message": "wait"}
    asking = asyncio.create_task(http.ask("POST", MESSAGE, body))
    await world.turns.waiting.wait()
    await read(http, session_id, "transcription")
    assert not world.turns.ended.is_set()
    await http.ask("DELETE", f"/api/conversation/session/{session_id}")
    status, refused = await asking
    assert (status, refused["code"]) == (400, "cancelled")
    assert world.turns.ended.is_set()


async def test_messages_are_answered_one_after_the_other(world: World, http: Http) -> None:
    session_id = await start(http)
    waiting = {"session_id": session_id, "message": "wait", "wait": False}
    for _ in range(5):
        assert (await http.ask("POST", MESSAGE, waiting))[0] == 200
    status, refused = await http.ask("POST", MESSAGE, waiting)
    assert (status, refused["code"]) == (503, "busy")
    assert len(world.turns.utterances) == 1


async def test_each_has_sessions_of_their_own() -> None:
    async with running_world(trust_loopback=False) as world:
        tokens = [await world.token("guest"), await world.token("guest")]
        first, second = [{"Authorization": f"Bearer {each}"} for each in tokens]
        async with connected(world.url) as http:
            _, session = await http.ask("POST", START, {}, **first)
            path = f"/api/conversation/session/{session['session_id']}"
            assert (await http.ask("GET", path, **first))[0] == 200
            assert (await http.ask("GET", path, **second))[0] == 404
            again = {"conversation_id": session["session_id"]}
            assert (await http.ask("POST", START, again, **second))[0] == 404
            _, listed = await http.ask("GET", "/api/conversation/sessions", **second)
            assert listed["sessions"] == []
            assert (await http.ask("GET", path))[0] == 401


async def test_stopping_lets_listeners_go(world: World, http: Http) -> None:
    session_id = await start(http)
    async with http.open("GET", f"/api/events/{session_id}") as response:
        assert response.status == 200
        async with asyncio.timeout(1):
            await world.gateway.stop()
