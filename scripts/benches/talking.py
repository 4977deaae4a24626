"""Being quick to hear and quick to be silent, on a real daemon: from the end of the wake word to
the state on a screen, and from the end of what interrupts an answer to silence at the speaker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from pichat.audio.pcm import BLOCK_BYTES, BLOCK_S, SAMPLE_BYTES, SAMPLE_RATE_HZ
from pichat.cli.client import Connection, connect
from scripts.benches.figure import Figure, percentile
from tests.support.daemon import DaemonProcess, running_daemon
from tests.support.pulse import Pulse, Recording, pulse_server
from tests.support.speech import VOICES, command, silence, spoken

_TRIALS = 20
_LIGHTS = ("bedroom-light", "hallway-light", "kitchen-light", "living-room-lamp")
_LONG_ANSWER = "which lights are on"
_LOUD = 200  # of 32,767; the virtual speaker's silence is 0
_PATIENCE_S = 12.0
_VOICE = {"enabled": True, "follow_up_s": 0, "no_speech_timeout_s": 2, "feedback_sound": False}


class Room:
    """A daemon that hears what is fed to it at the pace of speech, all the time."""

    def __init__(self, sound: Connection, screen: Connection) -> None:
        self._sound = sound
        self._screen = screen
        self._say: asyncio.Queue[bytes] = asyncio.Queue(1)
        self._said: asyncio.Queue[float] = asyncio.Queue(1)
        self._events: asyncio.Queue[tuple[float, dict[str, Any]]] = asyncio.Queue(4096)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Room]:
        await self._screen.ask("subscribe", {"topics": ["voice", "turns"]})
        await self._sound.send("listen_start", {"station": "local"})
        tasks = [asyncio.create_task(work()) for work in (self._feed, self._read, self._ignore)]
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def say(self, pcm: bytes) -> float:
        """The time.monotonic() of the last sample."""
        await self._say.put(pcm)
        return await self._said.get()

    async def until(self, wanted: Callable[[dict[str, Any]], bool]) -> float | None:
        """When the screen heard of the next event that is wanted; None when it does not come."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                while True:
                    at_s, event = await self._events.get()
                    if wanted(event):
                        return at_s
        except TimeoutError:
            return None

    def forget(self) -> None:
        while not self._events.empty():
            self._events.get_nowait()

    async def _feed(self) -> None:
        next_s = time.monotonic()
        pcm, at, end_s = b"", 0, 0.0
        while True:
            next_s += BLOCK_S
            await asyncio.sleep(next_s - time.monotonic())
            if at >= len(pcm):
                if pcm:
                    self._said.put_nowait(end_s)
                pcm, at = (b"", 0) if self._say.empty() else (self._say.get_nowait(), 0)
            block = pcm[at : at + BLOCK_BYTES]
            at += BLOCK_BYTES
            end_s = next_s - (BLOCK_BYTES - len(block)) / (SAMPLE_BYTES * SAMPLE_RATE_HZ)
            await self._sound.send_audio(block.ljust(BLOCK_BYTES, b"\0"))

    async def _read(self) -> None:
        async for frame in self._screen.frames():
            if frame["status"] == "event":
                await self._events.put((time.monotonic(), frame["payload"]))

    async def _ignore(self) -> None:
        async for _ in self._sound.frames():
            pass


def _is(key: str, value: str) -> Callable[[dict[str, Any]], bool]:
    return lambda event: event.get(key) == value


async def _wakes(room: Room) -> list[float]:
    """Milliseconds from the end of the wake word to `hearing` on the screen."""
    times_ms = []
    for trial in range(_TRIALS):
        room.forget()
        end_s = await room.say(spoken("hey jarvis", VOICES[trial % len(VOICES)]))
        heard_s = await room.until(_is("state", "hearing"))
        if heard_s is not None:
            times_ms.append((heard_s - end_s) * 1000)
            await room.until(_is("state", "listening"))
    return times_ms


async def _interruptions(
    room: Room, recording: Recording, word: str, stop: Callable[[], Awaitable[Any]]
) -> tuple[list[float], list[float]]:
    """Milliseconds from the end of `word` to silence at the speaker, and to the decision."""
    silent_ms, decided_ms = [], []
    for trial in range(_TRIALS // 2):
        room.forget()
        await room.say(command(_LONG_ANSWER))
        if await room.until(_is("what", "first_audio")) is None:
            continue
        await asyncio.sleep(0.8)
        end_s = await room.say(spoken(word, VOICES[trial % len(VOICES)]))
        decided_s = await room.until(_is("what", "interrupted"))
        await asyncio.sleep(0.5)  # for what is still on its way to the recording
        if decided_s is not None:
            decided_ms.append((decided_s - end_s) * 1000)
            silent_ms.append((recording.last_loud_s(_LOUD) - end_s) * 1000)
        await stop()
        await asyncio.sleep(0.3)
    return silent_ms, decided_ms


async def _measure(directory: Path, pulse: Pulse) -> list[Figure]:
    async with running_daemon(directory, pulse.environment, voice=_VOICE) as daemon:
        for light in _LIGHTS:
            await daemon.simulator.set(light, on=True)
        return await _talk(daemon, pulse)


async def _talk(daemon: DaemonProcess, pulse: Pulse) -> list[Figure]:
    async with (
        connect(daemon.state_dir) as sound,
        connect(daemon.state_dir) as screen,
        connect(daemon.state_dir) as button,
        Room(sound, screen).open() as room,
    ):
        await room.say(silence(1.0))
        wakes_ms = await _wakes(room)
        recording = pulse.record_speaker()

        async def stop() -> None:
            await button.ask("stop_speaking", {})

        by_word = await _interruptions(room, recording, "hey jarvis", stop)
        by_stop = await _interruptions(room, recording, "stop", stop)
        recording.stop()
    return _figures(wakes_ms, by_word, by_stop)


def _figures(
    wakes_ms: list[float],
    by_word: tuple[list[float], list[float]],
    by_stop: tuple[list[float], list[float]],
) -> list[Figure]:
    figures = [
        Figure(
            name="voice.wake_word_end_to_screen_p50",
            value=median(wakes_ms),
            unit="ms",
            limit=150,
            samples=len(wakes_ms),
            note=f"p95 {percentile(wakes_ms, 95):.0f}; {len(wakes_ms)} of {_TRIALS} heard",
        )
    ]
    for name, (silent_ms, decided_ms) in (("wake_word", by_word), ("stop_word", by_stop)):
        figures.append(
            Figure(
                name=f"voice.barge_in_{name}_to_silence_p95",
                value=percentile(silent_ms, 95),
                unit="ms",
                limit=200,
                samples=len(silent_ms),
                note=f"from the word's end; p50 {median(silent_ms):.0f}; decided p50"
                f" {median(decided_ms):.0f}; {len(silent_ms)} of {_TRIALS // 2} heard",
            )
        )
    return figures


def run() -> list[Figure]:
    """Every figure of this file."""
    with TemporaryDirectory(prefix="pichat-bench-") as name, pulse_server() as pulse:
        return asyncio.run(_measure(Path(name), pulse))
