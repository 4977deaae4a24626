"""Microphone and speaker on a real sound server with virtual devices."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from pichat.audio.base import Frame
from pichat.audio.chime import CHIME_RATE_HZ, chime
from pichat.audio.microphone import Microphone
from pichat.audio.portaudio import PortAudio
from pichat.audio.speaker import Speaker
from pichat.bus import Bus
from pichat.errors import UnavailableError
from pichat.events import PartHealth
from pichat.health import Health, keep_serving
from tests.support.pulse import RECORDED_RATE_HZ, Pulse, in_environment, pulse_server
from tests.support.wav import write_wav


@pytest.fixture(scope="module")
def pulse() -> Iterator[Pulse]:
    with pulse_server() as server, in_environment(server.environment):
        yield server


class Part:
    """One device under `keep_serving`, and how its health changes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.bus = Bus()
        self.health = Health(self.bus)

    @asynccontextmanager
    async def served(self, serve: Callable[[], object]) -> AsyncIterator[None]:
        task = asyncio.create_task(
            keep_serving(self.name, serve, self.health, longest_pause_s=0.5)  # type: ignore[arg-type]
        )
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def becomes(self, status: str, within_s: float = 12.0) -> float:
        """Wait for a status; how long it took, in seconds."""
        started_s = time.monotonic()
        async with asyncio.timeout(within_s):
            with self.bus.subscribe(PartHealth) as changes:
                while self._status() != status:
                    await changes.get()
        return time.monotonic() - started_s

    def _status(self) -> str | None:
        part = self.health.parts().get(self.name)
        return part.status if part else None


@pytest.fixture
async def portaudio() -> AsyncIterator[PortAudio]:
    owner = PortAudio()
    yield owner
    await owner.close()


class Frames:
    """Collects what a microphone delivers, from its own thread."""

    def __init__(self) -> None:
        self._pcm = bytearray()
        self._grown = threading.Condition()

    def __call__(self, frame: Frame) -> None:
        with self._grown:
            self._pcm += frame.pcm if frame.convert is None else frame.convert(frame.pcm)
            self._grown.notify_all()

    async def loudest(self, over: int) -> int:
        """Forget what came; wait until something louder than `over` comes, and how loud."""
        return await asyncio.to_thread(self._loudest, over)

    def _loudest(self, over: int) -> int:
        with self._grown:
            self._pcm.clear()
            assert self._grown.wait_for(lambda: self._peak() > over, 8)
            return self._peak()

    def _peak(self) -> int:
        sound = np.frombuffer(bytes(self._pcm), np.int16).astype(np.int32)
        return int(np.abs(sound).max(initial=-1))


def tone(path: Path, seconds: float = 1.0) -> Path:
    rate = 22_050
    wave_form = np.sin(2 * np.pi * 440 * np.arange(int(rate * seconds)) / rate) * 12_000
    return write_wav(path, wave_form.astype(np.int16).tobytes(), rate)


async def test_microphone_dies_and_is_taken_up_again(
    pulse: Pulse, portaudio: PortAudio, tmp_path: Path
) -> None:
    part, frames = Part("microphone"), Frames()
    microphone = Microphone("default", portaudio, part.health)
    async with part.served(lambda: microphone.serve(frames)):
        await part.becomes("ok")
        pulse.unplug_microphone()
        assert await part.becomes("degraded") < 2.2
        reason = part.health.parts()["microphone"].reason
        assert reason == "No sound arrives from the microphone."
        pulse.plug_microphone()
        assert await part.becomes("ok") < 5
        pulse.play_into_microphone(tone(tmp_path / "tone.wav", 2), wait=False)
        assert await frames.loudest(5_000) < 20_000


async def test_what_the_speaker_is_given_is_heard(pulse: Pulse, portaudio: PortAudio) -> None:
    part = Part("speaker")
    speaker = Speaker("default", portaudio, part.health)
    with pytest.raises(UnavailableError, match="no speaker"):
        speaker.begin()
    async with part.served(speaker.serve):
        await part.becomes("ok")
        await _whole_and_played_to_its_end(pulse, speaker)
        await _stopped_at_once(speaker)
        await _longer_than_the_queue(speaker)


async def _whole_and_played_to_its_end(pulse: Pulse, speaker: Speaker) -> None:
    recording = pulse.record_speaker()
    await asyncio.to_thread(recording.wait_for, lambda sound: len(sound) > 4_000)
    rate_hz = 22_050
    at_s = np.arange(rate_hz // 2) / rate_hz
    sound = (np.sin(2 * np.pi * 440 * at_s) * 12_000).astype(np.int16)
    firsts: list[float] = []
    started_s = time.monotonic()
    playback = speaker.begin(firsts.append)
    assert await playback.write(_pieces(sound.tobytes()), rate_hz)
    assert await playback.finish()
    # All of the 0.5 s has left by the time it counts as played, and it began at once.
    assert 0.45 < time.monotonic() - started_s < 0.9
    assert firsts[0] - started_s < 0.1
    await asyncio.to_thread(recording.wait_for, lambda sound: _loud_s(sound) > 0.45)
    assert _loud_s(recording.stop()) == pytest.approx(0.5, abs=0.05)


async def _stopped_at_once(speaker: Speaker) -> None:
    first = asyncio.Event()
    playback = speaker.begin(lambda _at_s: first.set())
    assert await playback.write(_pieces(bytes(2 * 48_000 * 2)), 48_000)
    async with asyncio.timeout(3):
        await first.wait()
        speaker.stop()
        assert not await playback.finish()
    assert not await playback.write(_pieces(bytes(960)), 48_000)


async def _longer_than_the_queue(speaker: Speaker) -> None:
    playback = speaker.begin()
    started_s = time.monotonic()
    assert await playback.write(_pieces(chime() * 30), CHIME_RATE_HZ)  # 3.6 s
    assert time.monotonic() - started_s > 0.3  # it waited for room
    speaker.stop()


@pytest.mark.long
async def test_both_devices_come_back_together(pulse: Pulse, portaudio: PortAudio) -> None:
    ear, mouth, frames = Part("microphone"), Part("speaker"), Frames()
    microphone = Microphone("default", portaudio, ear.health)
    speaker = Speaker("default", portaudio, mouth.health)
    async with ear.served(lambda: microphone.serve(frames)), mouth.served(speaker.serve):
        await asyncio.gather(ear.becomes("ok"), mouth.becomes("ok"))
        playback = speaker.begin()
        await playback.write(_pieces(bytes(48_000 * 2)), 48_000)
        pulse.stop()
        with pytest.raises(UnavailableError):
            await playback.finish()
        await asyncio.gather(ear.becomes("degraded"), mouth.becomes("degraded"))
        pulse.start()
        await asyncio.gather(ear.becomes("ok"), mouth.becomes("ok"))
        assert await frames.loudest(-1) >= 0


async def test_an_unknown_device_names_those_that_are_there(
    pulse: Pulse, portaudio: PortAudio
) -> None:
    microphone = Microphone("studio", portaudio, Health(Bus()))
    with pytest.raises(UnavailableError, match="No microphone is called “studio”; there is"):
        await microphone.serve(Frames())


async def test_no_sound_system_at_all_is_a_sentence(portaudio: PortAudio) -> None:
    with (
        in_environment({"PULSE_SERVER": "unix:/nowhere/native"}),
        pytest.raises(UnavailableError, match=r"^(No speaker is connected|The speaker .*)\.$"),
    ):
        await Speaker("default", portaudio, Health(Bus())).serve()


async def test_a_hanging_sound_system_is_reported_and_does_not_block() -> None:
    owner = PortAudio(deadline_s=0.05)
    released = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hang() -> None:
        asyncio.run_coroutine_threadsafe(released.wait(), loop).result()

    with pytest.raises(UnavailableError, match="did not answer in time"):
        await owner._run(hang)
    with pytest.raises(UnavailableError, match="hangs"):
        await owner._run(lambda: None)
    released.set()
    assert owner._hung is not None
    await asyncio.wrap_future(owner._hung)
    await owner._run(lambda: None)
    await owner.close()


async def _pieces(pcm: bytes, size: int = 4_097) -> AsyncIterator[bytes]:
    for start in range(0, len(pcm), size):
        yield pcm[start : start + size]


def _loud_s(sound: np.ndarray[tuple[int, ...], np.dtype[np.int16]]) -> float:
    return float((np.abs(sound) > 500).sum()) / RECORDED_RATE_HZ / 0.97  # a sine's zero crossings
