import asyncio
import json
from contextlib import AsyncExitStack

import pytest

from pichat.events import DeviceChanged, VoiceChanged
from tests.gateway.fakes import World
from tests.gateway.screen import DEADLINE_S, Frame, Screen, connect

LIGHT = "00:12:4b:00:00:00:00:01"


async def test_nothing_is_sent_unasked(world: World, screen: Screen) -> None:
    world.house.report(LIGHT, on_off=True)
    await screen.socket.send_str('{"action": "ping"}')
    assert (await screen.receive())["action"] == "pong"


async def test_a_snapshot_and_then_deltas(world: World, screen: Screen) -> None:
    world.health.set("microphone", "degraded", "There is no microphone.")
    request_id = await screen.send("subscribe")
    snapshot = await screen.receive()
    assert snapshot["status"] == "complete"
    payload = snapshot["payload"]
    assert len(payload["devices"]) == 11
    assert payload["voice"] == {
        "type": "voice_changed",
        "state": "listening",
        "reason": None,
        "station": "local",
    }
    assert payload["health"]["status"] == "degraded"
    assert payload["health"]["parts"]["microphone"] == {
        "status": "degraded",
        "reason": "There is no microphone.",
    }
    world.house.report(LIGHT, on_off=True)
    world.voice.change(VoiceChanged(state="hearing"))
    world.health.set("microphone", "ok")
    events = [await screen.receive() for _ in range(3)]
    while events[0]["action"] != "device_changed":  # the health from before the snapshot
        events = [*events[1:], await screen.receive()]
    assert {(event["status"], event["request_id"]) for event in events} == {("event", request_id)}
    assert events[0]["payload"]["changes"] == {"on_off": True}
    assert events[0]["payload"]["device"]["state"]["on_off"] is True
    assert (events[1]["action"], events[1]["payload"]["state"]) == ("voice_changed", "hearing")
    assert (events[2]["action"], events[2]["payload"]["status"]) == ("health_changed", "ok")


async def test_only_the_topics_that_were_asked_for(world: World, screen: Screen) -> None:
    snapshot = await screen.ask("subscribe", {"topics": ["voice"]})
    assert snapshot["payload"]["devices"] is None
    world.house.report(LIGHT, on_off=True)
    world.voice.change(VoiceChanged(state="thinking"))
    assert (await screen.receive())["action"] == "voice_changed"
    await screen.ask("unsubscribe")
    world.voice.change(VoiceChanged(state="listening"))
    await screen.socket.send_str('{"action": "ping"}')
    assert (await screen.receive())["action"] == "pong"


async def test_a_turn_reaches_another_screen(world: World, screen: Screen) -> None:
    async with connect(world.url, "/ws") as other:
        await other.ask("subscribe", {"topics": ["turns"]})
        await screen.ask("chat", {"text": "turn on the Kitchen light"})
        seen: list[Frame] = []
        while not seen or seen[-1]["action"] != "turn_finished":
            seen.append(await other.receive())
    assert seen[0]["action"] == "turn_started"
    assert seen[0]["payload"]["text"] == "turn on the Kitchen light"
    assert seen[1]["action"] == "turn_tool"
    assert seen[-1]["payload"]["text"] == "The Kitchen light is on."


async def test_a_screen_that_does_not_read_is_let_go_and_costs_nobody(world: World) -> None:
    async with connect(world.url) as deaf, connect(world.url) as other:
        await deaf.ask("subscribe", {"topics": ["devices"]})
        await other.ask("subscribe", {"topics": ["voice"]})
        deaf.transport.pause_reading()
        async with asyncio.timeout(DEADLINE_S):
            while len(world.gateway._feed._listeners) > 1:
                for _ in range(500):
                    world.bus.publish(DeviceChanged(device=world.house.devices()[0], changes={}))
                await other.still_there()
        world.voice.change(VoiceChanged(state="hearing"))
        assert (await other.receive())["action"] == "voice_changed"
        while len(world.gateway._sockets) > 1:
            await other.still_there()
        deaf.transport.abort()


@pytest.mark.long
async def test_a_stream_waits_for_its_reader(world: World) -> None:
    async with connect(world.url) as screen:
        screen.transport.pause_reading()
        request_id = await screen.send("chat", {"text": "count 60000"})
        async with connect(world.url) as other:
            for _ in range(20):
                await other.still_there()
        (connection,) = world.gateway._sockets._connections
        assert connection._wire._transport.get_write_buffer_size() < 1024 * 1024
        screen.transport.resume_reading()
        frames = await screen.until_last(request_id)
    assert len(frames) == 60_002


async def test_lost_events_make_screens_take_a_new_snapshot(world: World, screen: Screen) -> None:
    await screen.ask("subscribe")
    for _ in range(5000):
        world.house.report(LIGHT)
    async with asyncio.timeout(DEADLINE_S):
        while not (await screen.socket.receive()).type.name.startswith("CLOS"):
            pass
    async with connect(world.url) as again:
        assert (await again.ask("subscribe"))["status"] == "complete"
        world.voice.change(VoiceChanged(state="hearing"))
        assert (await again.receive())["action"] == "voice_changed"


async def test_many_screens_hear_the_same(world: World) -> None:
    async with AsyncExitStack() as stack:
        screens = [await stack.enter_async_context(connect(world.url)) for _ in range(50)]
        for screen in screens:
            await screen.ask("subscribe", {"topics": ["devices"]})
        world.house.report(LIGHT, brightness=7)
        heard = await asyncio.gather(*(screen.receive() for screen in screens))
    assert len({json.dumps(frame["payload"]) for frame in heard}) == 1
