"""What the tests of devices share."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pichat.audio.base import Frame
from pichat.bus import Bus
from pichat.events import PartHealth
from pichat.health import Health, keep_serving
from tests.support.pulse import RECORDED_RATE_HZ
from tests.support.wav import write_wav


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

    @property
    def reason(self) -> str | None:
        return self.health.parts()[self.name].reason

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

    async def seconds(self, length_s: float) -> npt.NDArray[np.int16]:
        """Forget what came; wait for so much more."""
        return await asyncio.to_thread(self._seconds, length_s)

    def _loudest(self, over: int) -> int:
        with self._grown:
            self._pcm.clear()
            assert self._grown.wait_for(lambda: self._peak() > over, 8)
            return self._peak()

    def _seconds(self, length_s: float) -> npt.NDArray[np.int16]:
        with self._grown:
            self._pcm.clear()
            assert self._grown.wait_for(lambda: len(self._pcm) >= length_s * 32_000, 8)
            return np.frombuffer(bytes(self._pcm), np.int16)

    def _peak(self) -> int:
        sound = np.frombuffer(bytes(self._pcm), np.int16).astype(np.int32)
        return int(np.abs(sound).max(initial=-1))


def sine(seconds: float, rate_hz: int = 48_000, hz: float = 440) -> bytes:
    """A tone with a peak of 12,000."""
    wave_form = np.sin(2 * np.pi * hz * np.arange(int(rate_hz * seconds)) / rate_hz) * 12_000
    return wave_form.astype(np.int16).tobytes()


def tone(path: Path, seconds: float = 1.0) -> Path:
    return write_wav(path, sine(seconds, 22_050), 22_050)


async def pieces(pcm: bytes, size: int = 4_097) -> AsyncIterator[bytes]:
    for start in range(0, len(pcm), size):
        yield pcm[start : start + size]


def loud_s(sound: npt.NDArray[np.int16]) -> float:
    """How long a recorded sine sounds; its zero crossings count as sound."""
    return float((np.abs(sound) > 500).sum()) / RECORDED_RATE_HZ / 0.97


def strength(sound: npt.NDArray[np.int16], hz: float) -> float:
    """The peak of that frequency in a second of 16 kHz sound."""
    second = sound[:RECORDED_RATE_HZ].astype(np.float64)
    turns = np.exp(-2j * np.pi * hz * np.arange(len(second)) / RECORDED_RATE_HZ)
    return float(2 * np.abs(np.mean(second * turns)))
