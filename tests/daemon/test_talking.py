"""Talking with the daemon: into its answers, without the wake word, from a screen, and not at all.

By ear where the ear decides: out of a virtual microphone, into a virtual speaker.
"""

from __future__ import annotations

import asyncio
import base64
import io
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
import soxr

from pichat.audio.pcm import BLOCK_BYTES, BLOCK_S, SAMPLE_RATE_HZ
from pichat.cli.client import Connection, connect
from tests.support.daemon import DaemonProcess, pichat
from tests.support.heard import as_spoken, likeness
from tests.support.pulse import Pulse
from tests.support.speech import command, silence, spoken
from tests.support.wav import write_wav

SURELY = 0.7
pytestmark = pytest.mark.asyncio(loop_scope="session")
Event = dict[str, Any]
LONG_ANSWER = "which lights are on"
LIGHTS = ("bedroom-light", "hallway-light", "kitchen-light", "living-room-lamp")


class Ear:
    """What a screen that subscribed hears of, so far."""

    def __init__(self, connection: Connection) -> None:
        self.events: list[Event] = []
        self._changed = asyncio.Condition()
        self._task = asyncio.create_task(self._read(connection))

    async def _read(self, connection: Connection) -> None:
        async for frame in connection.frames():
            if frame["status"] == "event":
                async with self._changed:
                    self.events.append({**frame["payload"], "event": frame["action"]})
                    self._changed.notify_all()

    async def until(self, wanted: Callable[[Event], bool], within_s: float = 20) -> Event:
        """The first event from now on, or already there, that is wanted."""
        found: list[Event] = []

        def there() -> bool:
            found[:] = [event for event in self.events if wanted(event)]
            return bool(found)

        try:
            async with asyncio.timeout(within_s), self._changed:
                await self._changed.wait_for(there)
        except TimeoutError:
            raise AssertionError(f"it did not come; what came: {self.told()}") from None
        return found[0]

    def told(self) -> list[str]:
        """All that happened, a few words each."""
        words = ("event", "what", "detail", "state", "text")
        return [" ".join(str(event[w]) for w in words if event.get(w)) for event in self.events]

    async def state(self, state: str) -> Event:
        return await self.until(lambda event: event.get("state") == state)

    async def milestone(self, what: str) -> Event:
        return await self.until(lambda event: event.get("what") == what)

    def forget(self) -> None:
        self.events.clear()

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


async def play(pulse: Pulse, directory: Path, pcm: bytes) -> None:
    wav = write_wav(directory / "speech.wav", pcm, SAMPLE_RATE_HZ)
    await asyncio.to_thread(pulse.play_into_microphone, wav)


async def test_the_next_command_needs_no_wake_word(
    listening: DaemonProcess, pulse: Pulse, tmp_path: Path
) -> None:
    await listening.simulator.set("kitchen-light", on=False)
    async with connect(listening.state_dir) as connection:
        await connection.ask("subscribe", {"topics": ["voice", "turns"]})
        ear = Ear(connection)
        await play(pulse, tmp_path, command("turn on the kitchen light") + silence(0.2))
        await ear.state("following_up")
        ear.forget()
        await play(pulse, tmp_path, spoken("turn off the kitchen light") + silence(0.2))
        await ear.milestone("spoken")
        await ear.stop()
    assert [event["detail"] for event in ear.events if event.get("what") == "wake"] == ["follow_up"]
    assert (await listening.simulator.values("kitchen-light"))["on"] is False


@pytest.mark.long
async def test_what_is_no_command_is_not_answered_after_an_answer(
    listening: DaemonProcess, pulse: Pulse, tmp_path: Path
) -> None:
    async with connect(listening.state_dir) as connection:
        await connection.ask("subscribe", {"topics": ["voice", "turns"]})
        ear = Ear(connection)
        await play(pulse, tmp_path, command("what time is it") + silence(0.2))
        await ear.state("following_up")
        ear.forget()
        await play(pulse, tmp_path, spoken("my sister is coming to visit us next week"))
        await ear.state("listening")
        await ear.stop()
    assert not [event for event in ear.events if event["event"].startswith("turn_")]


@pytest.mark.parametrize(
    "by",
    ["wake word", *(pytest.param(by, marks=pytest.mark.long) for by in ("stop word", "button"))],
)
async def test_an_answer_can_be_interrupted(
    listening: DaemonProcess, pulse: Pulse, tmp_path: Path, by: str
) -> None:
    said = {"wake word": spoken("hey jarvis"), "stop word": spoken("stop")}
    for device in LIGHTS:
        await listening.simulator.set(device, on=True)
    recording = pulse.record_speaker()
    async with connect(listening.state_dir) as connection, connect(listening.state_dir) as other:
        await connection.ask("subscribe", {"topics": ["voice", "turns"]})
        ear = Ear(connection)
        await play(pulse, tmp_path, command(LONG_ANSWER) + silence(0.2))
        await ear.milestone("first_audio")
        if by == "button":
            await other.ask("stop_speaking", {})
        else:
            await play(pulse, tmp_path, silence(0.6) + said[by])
        interrupted = await ear.milestone("interrupted")
        heard = await ear.until(lambda event: event["event"] == "answer_heard")
        await other.ask("stop_speaking", {})
        await ear.state("listening")
        await ear.stop()
    whole = next(event for event in ear.events if event["event"] == "turn_finished")["text"]
    sound = recording.stop()
    assert interrupted["detail"] == by
    assert heard["whole"] is False
    assert whole.startswith(heard["text"])
    assert len(heard["text"]) < len(whole)
    assert likeness(sound, await as_spoken(whole)) < SURELY


@pytest.mark.long
async def test_a_muted_microphone_hears_nothing_and_an_unmuted_one_does(
    listening: DaemonProcess, pulse: Pulse, tmp_path: Path
) -> None:
    await listening.simulator.set("hallway-light", on=False)
    async with connect(listening.state_dir) as connection:
        await connection.ask("subscribe", {"topics": ["voice", "turns"]})
        ear = Ear(connection)
        assert (await pichat(listening.state_dir, "mute"))[0] == 0
        assert (await ear.state("muted"))["reason"] == "The microphone is muted."
        await play(pulse, tmp_path, command("turn on the hallway light"))
        assert not [event for event in ear.events if event["event"] == "voice_heard"]
        assert (await pichat(listening.state_dir, "unmute"))[0] == 0
        await ear.state("listening")
        await play(pulse, tmp_path, command("turn on the hallway light") + silence(0.2))
        await ear.milestone("spoken")
        await ear.stop()
    assert (await listening.simulator.values("hallway-light"))["on"] is True


async def _talk_to_screen(
    socket: aiohttp.ClientWebSocketResponse, pcm: bytes, **options: Any
) -> tuple[list[Event], bytes, int]:
    """Speak to a screen at the pace of speech; its frames, the answer's sound and its rate."""
    start = {"action": "listen_start", "request_id": "ear", "payload": options}
    await socket.send_json(start)
    assert (await socket.receive_json())["status"] == "processing"

    async def speak() -> None:
        for at in range(0, len(pcm), BLOCK_BYTES):
            await socket.send_bytes(pcm[at : at + BLOCK_BYTES])
            await asyncio.sleep(BLOCK_S)
        await socket.send_json({"action": "listen_stop", "request_id": "end", "payload": {}})

    speaking = asyncio.create_task(speak())
    frames, sound, rate_hz = [], b"", 0
    waiting = {"ear", "end"}
    async with asyncio.timeout(30):
        async for message in socket:
            if message.type is aiohttp.WSMsgType.BINARY:
                sound += message.data
                continue
            frames.append(frame := message.json())
            chunk = frame.get("chunk") or {}
            if chunk.get("type") == "audio" and chunk["metadata"].get("sample_rate_hz"):
                rate_hz = chunk["metadata"]["sample_rate_hz"]
                sound += base64.b64decode(chunk["data"] or "")
            if frame["status"] in ("complete", "error"):
                waiting -= {frame["request_id"]}
            if not waiting:
                break
    await speaking
    return frames, sound, rate_hz


@pytest.mark.parametrize("binary", [True, pytest.param(False, marks=pytest.mark.long)])
async def test_a_screen_is_a_microphone_and_a_speaker(
    listening: DaemonProcess, binary: bool
) -> None:
    await listening.simulator.set("office-plug", on=False)
    url = f"{listening.url}/ws/chat"
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        pcm = silence(0.3) + spoken("turn on the office plug") + silence(0.3)
        frames, sound, rate_hz = await _talk_to_screen(socket, pcm, binary=binary)
    assert frames[-1]["status"] == "complete"
    assert (await listening.simulator.values("office-plug"))["on"] is True
    heard = soxr.resample(np.frombuffer(sound, np.int16), rate_hz, SAMPLE_RATE_HZ)
    assert likeness(heard, await as_spoken("Turned on the office plug.")) > SURELY


@pytest.mark.long
async def test_a_screen_may_wait_for_the_wake_word(listening: DaemonProcess) -> None:
    await listening.simulator.set("office-plug", on=True)
    url = f"{listening.url}/ws/chat"
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        without = silence(0.5) + spoken("turn off the office plug") + silence(0.5)
        await _talk_to_screen(socket, without, wake_word=True)
        assert (await listening.simulator.values("office-plug"))["on"] is True
        with_it = command("turn off the office plug") + silence(0.5)
        await _talk_to_screen(socket, with_it, wake_word=True)
    assert (await listening.simulator.values("office-plug"))["on"] is False


async def test_speech_to_text_and_back(listening: DaemonProcess) -> None:
    async with connect(listening.state_dir) as connection:
        pcm, rate_hz = b"", 0
        payload = {"text": "Turn on the kitchen light.", "voice_accent": "american"}
        async for frame in connection.stream("text_to_speech", payload):
            chunk = frame.get("chunk")
            if chunk and chunk["type"] == "audio":
                rate_hz = chunk["metadata"]["sample_rate_hz"]
                pcm += base64.b64decode(chunk["data"])
        assert len(pcm) / 2 / rate_hz == pytest.approx(1.5, abs=0.7)
        file = io.BytesIO()
        with wave.open(file, "wb") as wav:
            wav.setnchannels(1)
            wav.setsampwidth(2)
            wav.setframerate(SAMPLE_RATE_HZ)
            wav.writeframes(spoken("turn on the kitchen light", "rms"))
        data = base64.b64encode(file.getvalue()).decode()
        written = await connection.ask("speech_to_text", {"data": data})
    assert written == {"text": "turn on the kitchen light", "engine": "home", "command": True}


@pytest.mark.long
async def test_a_run_can_be_looked_into(
    listening: DaemonProcess, pulse: Pulse, tmp_path: Path
) -> None:
    async with connect(listening.state_dir) as connection:
        await connection.ask("subscribe", {"topics": ["voice", "turns"]})
        ear = Ear(connection)
        await play(pulse, tmp_path, command("turn on the bedroom light") + silence(0.2))
        await ear.milestone("spoken")
        await ear.stop()
    code, out, _ = await pichat(listening.state_dir, "runs")
    assert code == 0
    assert "turn on the bedroom light" in out
    code, out, _ = await pichat(listening.state_dir, "runs", "1")
    assert code == 0
    for word in ("hey_jarvis", "turn on the bedroom light", "complete", "set_device_state"):
        assert word in out
    kept = tmp_path / "run.wav"
    assert (await pichat(listening.state_dir, "runs", "1", "--audio", str(kept)))[0] == 0
    with wave.open(str(kept)) as wav:
        assert wav.getnframes() / wav.getframerate() > 1
    assert list((listening.state_dir / "wakes").glob("*hey_jarvis*wake.wav"))
