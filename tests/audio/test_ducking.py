"""Other programs' volume while PiChat hears and speaks, on a real sound server."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from pichat.audio.ducking import Ducking
from pichat.audio.portaudio import PortAudio
from pichat.audio.speaker import Speaker
from tests.audio.device_parts import Part, tone
from tests.support.pulse import Pulse, in_environment, pulse_server

FULL = 65_536
QUIET = round(FULL * 0.3)


@pytest.fixture
def pulse() -> Iterator[Pulse]:
    with pulse_server() as server, in_environment(server.environment):
        yield server


@asynccontextmanager
async def served(ducking: Ducking) -> AsyncIterator[None]:
    task = asyncio.create_task(ducking.serve())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def volume(pulse: Pulse, name: str, wanted: int | None, within_s: float = 3) -> None:
    """Wait until a stream has that volume, or (None) is there."""

    def wait() -> None:
        deadline_s = time.monotonic() + within_s
        while True:
            now = pulse.sink_input_volumes().get(name)
            if now == wanted or (wanted is None and now is not None):
                return
            assert time.monotonic() < deadline_s, f"{name} has {now}, not {wanted}"

    await asyncio.to_thread(wait)


async def test_a_stream_comes_back_exactly(pulse: Pulse, tmp_path: Path) -> None:
    pulse.play_beside(tone(tmp_path / "music.wav", 30))
    await volume(pulse, "music", FULL)
    pulse.set_sink_input_volume("music", 51_111)
    await volume(pulse, "music", 51_111)
    ducking = Ducking(0.3, look_s=0.1)
    async with served(ducking):
        ducking.duck()
        ducking.duck()
        await volume(pulse, "music", round(51_111 * 0.3))
        pulse.play_beside(tone(tmp_path / "later.wav", 30))
        await volume(pulse, "later", QUIET)
        ducking.restore()
        await volume(pulse, "music", 51_111)
        await volume(pulse, "later", FULL)


@pytest.mark.long
async def test_own_sound_stays_as_it_is(pulse: Pulse, tmp_path: Path) -> None:
    part, ducking = Part("speaker"), Ducking(0.3, look_s=0.1)
    async with PortAudio() as portaudio:
        speaker = Speaker("default", portaudio, part.health)
        async with part.served(speaker.serve), served(ducking):
            await part.becomes("ok")
            pulse.play_beside(tone(tmp_path / "music.wav", 30))
            await volume(pulse, "music", FULL)
            ducking.duck()
            await volume(pulse, "music", QUIET)
            assert sorted(pulse.sink_input_volumes().values()) == [QUIET, FULL]


async def test_what_the_user_changed_meanwhile_stays(pulse: Pulse, tmp_path: Path) -> None:
    ducking = Ducking(0.3, look_s=0.1)
    for name in ("music", "radio"):
        pulse.play_beside(tone(tmp_path / f"{name}.wav", 30))
        await volume(pulse, name, FULL)
    async with served(ducking):
        ducking.duck()
        await volume(pulse, "music", QUIET)
        await volume(pulse, "radio", QUIET)
        pulse.set_sink_input_volume("music", 40_000)
        ducking.restore()
        await volume(pulse, "radio", FULL)
        await volume(pulse, "music", 40_000)


@pytest.mark.long
async def test_ending_restores(pulse: Pulse, tmp_path: Path) -> None:
    pulse.play_beside(tone(tmp_path / "music.wav", 30))
    await volume(pulse, "music", FULL)
    ducking = Ducking(0.3)
    async with served(ducking):
        ducking.duck()
        await volume(pulse, "music", QUIET)
    await volume(pulse, "music", FULL, within_s=0.5)


@pytest.mark.long
async def test_a_stream_that_ended_quiet_begins_as_loud_as_before(
    pulse: Pulse, tmp_path: Path
) -> None:
    pulse._pactl("load-module", "module-stream-restore", "restore_device=false")
    file = tone(tmp_path / "music.wav", 30)
    music = pulse.play_beside(file)
    await volume(pulse, "music", FULL)
    ducking = Ducking(0.3, look_s=0.1)
    async with served(ducking):
        ducking.duck()
        await volume(pulse, "music", QUIET)
        music.terminate()
        await asyncio.to_thread(music.wait)
        await asyncio.to_thread(_gone, pulse)
        ducking.restore()
    pulse.play_beside(file)
    await volume(pulse, "music", None)
    await volume(pulse, "music", FULL, within_s=0.5)


def _gone(pulse: Pulse) -> None:
    while pulse.sink_input_volumes():
        pass


def _duck_and_hang(memory: Path) -> None:
    """Another process, which is killed while it ducks."""

    async def run() -> None:
        ducking = Ducking(0.3, memory=memory)
        ducking.duck()
        await ducking.serve()

    asyncio.run(run())


@pytest.mark.long
async def test_after_a_kill_the_next_start_restores(pulse: Pulse, tmp_path: Path) -> None:
    memory = tmp_path / "volumes"
    pulse.play_beside(tone(tmp_path / "music.wav", 30))
    await volume(pulse, "music", FULL)
    process = multiprocessing.get_context("spawn").Process(target=_duck_and_hang, args=(memory,))
    process.start()
    await volume(pulse, "music", QUIET, within_s=15)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    await asyncio.to_thread(process.join)
    assert pulse.sink_input_volumes()["music"] == QUIET
    async with served(Ducking(0.3, memory=memory)):
        await volume(pulse, "music", FULL)
    assert not memory.exists()


@pytest.mark.long
async def test_a_server_that_dies_or_is_not_there_costs_nothing(
    pulse: Pulse, tmp_path: Path
) -> None:
    ducking = Ducking(0.3, memory=tmp_path / "volumes", look_s=0.1)
    async with served(ducking):
        pulse.play_beside(tone(tmp_path / "music.wav", 30))
        await volume(pulse, "music", FULL)
        ducking.duck()
        await volume(pulse, "music", QUIET)
        pulse.stop()
        ducking.restore()
        ducking.duck()  # there is none
        ducking.restore()
        pulse.start()
        pulse.play_beside(tone(tmp_path / "music.wav", 30))
        await volume(pulse, "music", FULL)
        ducking.duck()
        await volume(pulse, "music", QUIET)
    await volume(pulse, "music", FULL, within_s=0.5)
