import asyncio
import base64

import pytest

from pichat.errors import UnavailableError
from tests.gateway.fakes import World
from tests.gateway.screen import Frame, Screen

SECOND = bytes(range(256)) * 125


async def test_binary_frames_are_heard(world: World, screen: Screen) -> None:
    start = await screen.send("listen_start", {"sample_rate_hz": 16000, "channels": 1})
    for _ in range(100):
        await screen.socket.send_bytes(SECOND)
    stop = await screen.send("listen_stop")
    first, last = await screen.until_last(start)
    assert first["status"] == "processing"
    assert last["payload"] == {"seconds": 100.0}
    assert (await screen.until_last(stop))[-1]["payload"] == {"seconds": 100.0}
    assert world.voice.heard == SECOND * 100


async def test_base64_is_heard_and_answered(world: World, screen: Screen) -> None:
    start = await screen.send("listen_start")
    await screen.receive()
    data = base64.b64encode(SECOND).decode()
    assert (await screen.ask("listen_audio", {"data": data}))["payload"] == {"seconds": 1.0}
    await screen.send("listen_stop")
    assert (await screen.until_last(start))[-1]["status"] == "complete"
    assert world.voice.heard == SECOND


async def test_a_sender_is_slowed_down_to_the_listener(world: World, screen: Screen) -> None:
    world.voice.takes_in.clear()
    start = await screen.send("listen_start")
    sending = asyncio.create_task(_send_much(screen))
    assert (await screen.receive())["status"] == "processing"
    (connection,) = world.gateway._sockets._connections
    for _ in range(200):
        await asyncio.sleep(0)
    assert connection.sound is not None
    assert connection.sound.seconds < 60
    world.voice.takes_in.set()
    await sending
    await screen.send("listen_stop")
    assert (await screen.until_last(start))[-1]["payload"] == {"seconds": 300.0}


async def _send_much(screen: Screen) -> None:
    for _ in range(300):
        await screen.socket.send_bytes(SECOND)


@pytest.mark.parametrize(
    ("payload", "says"),
    [({"sample_rate_hz": 44100}, "44100 Hz"), ({"channels": 2}, "with 2")],
)
async def test_other_rates_are_refused(screen: Screen, payload: Frame, says: str) -> None:
    reply = await screen.ask("listen_start", payload)
    assert reply["payload"]["code"] == "unsupported"
    assert says in reply["error"]


async def test_sound_without_listening_is_refused(screen: Screen) -> None:
    for action in ("listen_stop", "listen_audio"):
        reply = await screen.ask(action, {"data": ""})
        assert reply["payload"]["code"] == "bad_request"
    await screen.socket.send_bytes(b"\0\0")
    assert (await screen.receive())["payload"]["code"] == "bad_request"
    await screen.still_there()


async def test_what_is_no_sound_is_refused(screen: Screen) -> None:
    await screen.send("listen_start")
    await screen.receive()
    await screen.socket.send_bytes(b"odd")
    assert "even" in (await screen.receive())["error"]
    await screen.socket.send_bytes(bytes(100_000))
    assert "at most" in (await screen.receive())["error"]
    assert (await screen.ask("listen_audio", {"data": "%"}))["payload"]["code"] == "bad_request"
    assert (await screen.ask("listen_start"))["payload"]["code"] == "busy"


async def test_no_voice_loop(world: World, screen: Screen) -> None:
    world.voice.error = UnavailableError("The voice loop is switched off.")
    request_id = await screen.send("listen_start")
    last = (await screen.until_last(request_id))[-1]
    assert last["payload"]["code"] == "unavailable"
    assert last["error"] == "The voice loop is switched off."


async def test_listening_can_be_cancelled(world: World, screen: Screen) -> None:
    world.voice.takes_in.clear()
    request_id = await screen.send("listen_start")
    await screen.receive()
    await screen.send("cancel", {"request_id": request_id})
    assert (await screen.until_last(request_id))[-1]["payload"]["code"] == "cancelled"
    assert (await screen.ask("listen_stop"))["payload"]["code"] == "bad_request"
