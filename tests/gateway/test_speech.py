import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from pichat.audio.base import SoundSink
from pichat.config.types import Style
from pichat.errors import UnavailableError
from pichat.gateway.frames import MAX_FRAME_BYTES
from tests.gateway.fakes import FakeScreen, World
from tests.gateway.screen import DEADLINE_S, Frame, Screen, connect
from tests.support.wav import write_wav

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


# --- stations and answers ------------------------------------------------------------------------

ANSWER = bytes(range(200)) * 80  # half a second


async def station_of(world: World, screen: Screen, request_id: str) -> tuple[Frame, FakeScreen]:
    """The frame that says that sound may come, and the station that it goes to."""
    frame = await screen.receive()
    assert (frame["request_id"], frame["status"]) == (request_id, "processing")
    return frame, world.voice.screens[frame["chunk"]["metadata"]["station"]]


async def test_a_screen_is_a_station_of_its_own(world: World, screen: Screen) -> None:
    wishes = {"wake_word": True, "area": "Kitchen", "cancels_echo": False}
    request_id = await screen.send("listen_start", {"station": "screen", **wishes})
    _, station = await station_of(world, screen, request_id)
    assert (station.wake_word, station.area, station.cancels_echo) == (True, "Kitchen", False)
    await screen.send("listen_stop")
    assert (await screen.until_last(request_id))[-1]["status"] == "complete"
    assert world.voice.screens == {}


async def test_a_screen_is_asked_without_the_wake_word_unless_it_wants_to(
    world: World, screen: Screen
) -> None:
    request_id = await screen.send("listen_start")
    _, station = await station_of(world, screen, request_id)
    assert (station.wake_word, station.area, station.cancels_echo) == (False, None, True)


async def test_the_local_station_hears_as_its_microphone_does(world: World, screen: Screen) -> None:
    world.voice.answer = ANSWER
    request_id = await screen.send("listen_start", {"station": "local"})
    frame = await screen.receive()
    assert frame["chunk"]["metadata"]["station"] == "local"
    assert world.voice.screens == {}
    await screen.socket.send_bytes(SECOND)
    await screen.send("listen_stop")
    frames = await screen.until_last(request_id)
    assert [each["status"] for each in frames] == ["complete"]  # it is answered there
    assert world.voice.heard == SECOND


async def test_answers_come_back_as_base64(world: World, screen: Screen) -> None:
    world.voice.answer = ANSWER
    request_id = await screen.send("listen_start")
    await screen.send("listen_stop")
    *chunks, last = (await screen.until_last(request_id))[1:]
    assert last["status"] == "complete"
    (chunk,) = (each["chunk"] for each in chunks)
    assert chunk["type"] == "audio"
    assert chunk["metadata"] == {"format": "pcm_s16le", "sample_rate_hz": 16000, "channels": 1}
    assert base64.b64decode(chunk["data"]) == ANSWER


async def test_answers_come_back_as_binary_frames_in_order(world: World, screen: Screen) -> None:
    request_id = await screen.send("listen_start", {"binary": True})
    _, station = await station_of(world, screen, request_id)
    pieces = [bytes([number]) * 3200 for number in range(1, 9)]
    saying = asyncio.create_task(say(station.speaker, pieces))
    pings = asyncio.create_task(_ping(screen))
    got: list[bytes] = []
    announced = 0
    while len(got) < len(pieces):
        message = await screen.socket.receive(5)
        if message.type is aiohttp.WSMsgType.BINARY:
            got.append(message.data)
            assert announced == len(got)
        elif (frame := json.loads(message.data))["request_id"] == request_id:
            assert frame["chunk"]["metadata"]["binary"] is True
            assert frame["chunk"]["data"] is None
            announced += 1
    assert got == pieces
    assert await saying
    await pings


async def say(speaker: SoundSink, pieces: list[bytes]) -> bool:
    async def chunks() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    playback = speaker.begin()
    return await playback.write(chunks(), 16_000) and await playback.finish()


async def _ping(screen: Screen) -> None:
    for _ in range(20):
        await screen.send("ping")
        await asyncio.sleep(0)


async def test_controls_come_in_order_with_the_sound(world: World, screen: Screen) -> None:
    request_id = await screen.send("listen_start")
    _, station = await station_of(world, screen, request_id)
    saying = asyncio.create_task(say(station.speaker, [SECOND] * 10))
    first = await screen.receive()
    assert base64.b64decode(first["chunk"]["data"]) == SECOND
    for name in ("pause", "resume", "stop"):
        getattr(station.speaker, name)()
        told = (await screen.receive())["chunk"]
        assert (told["data"], told["metadata"]) == (None, {"control": name})
    assert not await saying


async def test_a_client_that_goes_in_the_middle_of_an_answer(world: World) -> None:
    async with connect(world.url) as screen:
        request_id = await screen.send("listen_start")
        _, station = await station_of(world, screen, request_id)
        saying = asyncio.create_task(say(station.speaker, [SECOND] * 10))
        await screen.receive()
    async with asyncio.timeout(DEADLINE_S):
        while world.voice.screens:  # noqa: ASYNC110 (the server has no event for it)
            await asyncio.sleep(0)
    saying.cancel()
    await asyncio.gather(saying, return_exceptions=True)
    async with connect(world.url) as another:
        await another.still_there()


async def test_cancelling_lets_the_station_go(world: World, screen: Screen) -> None:
    request_id = await screen.send("listen_start")
    await station_of(world, screen, request_id)
    await screen.ask("cancel", {"request_id": request_id})
    assert (await screen.until_last(request_id))[-1]["payload"]["code"] == "cancelled"
    assert world.voice.screens == {}
    request_id = await screen.send("listen_start")
    await station_of(world, screen, request_id)


# --- whole clips ---------------------------------------------------------------------------------


def recording(tmp_path: Path, seconds: float, rate_hz: int, channels: int = 1) -> str:
    pcm = bytes(2 * channels) * round(seconds * rate_hz)
    file = write_wav(tmp_path / "clip.wav", pcm, rate_hz, channels)
    return base64.b64encode(file.read_bytes()).decode()


@pytest.mark.parametrize(
    ("seconds", "rate_hz", "channels"),
    [(1, 16_000, 1), (2, 44_100, 2), (3, 8_000, 1), (30, 16_000, 1), (30, 48_000, 1)],
)
async def test_a_clip_is_written_down(
    screen: Screen, tmp_path: Path, seconds: int, rate_hz: int, channels: int
) -> None:
    reply = await screen.ask(
        "speech_to_text", {"data": recording(tmp_path, seconds, rate_hz, channels)}
    )
    assert reply["status"] == "complete", reply
    assert reply["payload"] == {"text": f"{seconds} seconds", "engine": "home", "command": False}


async def test_clips_that_are_too_long_or_none_are_refused(screen: Screen, tmp_path: Path) -> None:
    reply = await screen.ask("speech_to_text", {"data": recording(tmp_path, 31, 16_000)})
    assert reply["payload"]["code"] == "bad_request"
    assert "30 s" in reply["error"]
    stereo = {"data": recording(tmp_path, 30, 48_000, 2)}
    reply = await screen.error_of(json.dumps({"action": "speech_to_text", "payload": stereo}))
    assert reply["payload"]["code"] == "too_large"
    for data in (base64.b64encode(b"ID3 is no WAV").decode(), "%%%%", ""):
        reply = await screen.ask("speech_to_text", {"data": data})
        assert reply["payload"]["code"] == "bad_request"
    await screen.still_there()


async def test_only_a_clip_may_be_that_large(screen: Screen) -> None:
    large = "A" * MAX_FRAME_BYTES
    assert (await screen.ask("chat", {"text": large}))["payload"]["code"] == "too_large"
    many = {"data": "AAAA", "more": [0] * MAX_FRAME_BYTES}
    reply = await screen.error_of(
        json.dumps({"action": "speech_to_text", "payload": many, "request_id": "x"})
    )
    assert reply["payload"]["code"] == "too_large"
    await screen.still_there()


async def test_nobody_there_to_write_it_down(world: World, screen: Screen, tmp_path: Path) -> None:
    world.clips.error = UnavailableError("I am still learning the names of the house.")
    reply = await screen.ask("speech_to_text", {"data": recording(tmp_path, 1, 16_000)})
    assert reply["payload"]["code"] == "unavailable"


@pytest.mark.parametrize("binary", [False, True])
async def test_a_text_is_said(world: World, screen: Screen, binary: bool) -> None:
    wishes = {
        "text": "Hello!!!!!",
        "language": "de",
        "voice_gender": "female",
        "voice_accent": "polish",
        "rate": 1.5,
        "binary": binary,
    }
    request_id = await screen.send("text_to_speech", wishes)
    first = await screen.receive()
    assert first["chunk"]["metadata"]["sample_rate_hz"] == 22_050
    if binary:
        assert await screen.socket.receive_bytes() == bytes(44_100)
    else:
        assert base64.b64decode(first["chunk"]["data"]) == bytes(44_100)
    last = (await screen.until_last(request_id))[-1]
    assert last["payload"] == {"seconds": 1.0}
    assert world.clips.styles == [("de", Style(gender="female", accent="polish", rate=1.5))]


@pytest.mark.parametrize(
    "wish",
    [{"rate": 3}, {"volume": 2}, {"voice_gender": "robot"}, {"text": ""}, {"text": "x" * 4001}],
)
async def test_wishes_that_cannot_be_are_refused(screen: Screen, wish: Frame) -> None:
    reply = await screen.ask("text_to_speech", {"text": "Hello", **wish})
    assert reply["payload"]["code"] == "bad_request"


async def test_a_text_is_said_at_its_volume(world: World, screen: Screen) -> None:
    world.clips.sound = bytes.fromhex("e803 18fc")
    request_id = await screen.send("text_to_speech", {"text": "Hello", "volume": 0.5})
    first, *_ = await screen.until_last(request_id)
    assert base64.b64decode(first["chunk"]["data"]) == bytes.fromhex("f401 0cfe")


async def test_saying_may_fail(world: World, screen: Screen) -> None:
    world.clips.error = UnavailableError("espeak-ng is not installed.")
    reply = await screen.ask("text_to_speech", {"text": "Hello"})
    assert reply["error"] == "espeak-ng is not installed."
