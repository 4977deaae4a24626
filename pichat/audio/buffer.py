"""Sound between the event loop, which writes, and the sound library's thread, which pulls."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pichat.audio.pcm import SAMPLE_BYTES

Tap = Callable[[bytes, int, int], None]
"""`played(pcm, sample_rate_hz, channels)`: what goes to the device. It must not block."""

_FADE_S = 0.005  # short enough to be at once, long enough not to click
_LONGEST_LAG_S = 1.0  # a device that claims to hold back more than this is not believed
_REMEMBERED = 128  # pulls: more than a second of them


@dataclass(eq=False)
class Batch:
    """The playbacks that one `stop` ends, and the place that had been heard by then."""

    ended_at: int | None = None


@dataclass(frozen=True, slots=True)
class _Pulled:
    """`size` bytes from place `start` on come out of the device from `at_s` on."""

    at_s: float
    start: int
    size: int


class Buffer:
    """A queue of int16 sound for one opened stream. Places are bytes since it was opened.

    `played` gets all that goes to the device, silence as well, so that an echo canceller has a
    timeline without gaps. `set_format` is called once the stream is open.
    """

    def __init__(self, played: Tap | None = None) -> None:
        self._lock = threading.Lock()
        self._queued = bytearray()
        self._tail = b""
        self._loop = asyncio.get_running_loop()
        self._played = played
        self._waiting = False
        self._held = False
        self._sounding = False
        self._firsts: list[tuple[int, Callable[[float], None]]] = []
        self._log: deque[_Pulled] = deque(maxlen=_REMEMBERED)
        self._lag_s = 0.0
        self.moved = asyncio.Event()  # something was pulled, cleared or lost
        self.batch = Batch()
        self.sample_rate_hz = 0
        self.channels = 1
        self.asked = 0
        self.asked_at_s = time.monotonic()
        self.put_bytes = 0
        self.pulled_bytes = 0
        self.lost = False

    @property
    def starting(self) -> bool:
        """Servers ask for a few blocks at once and then let a sleeping sink take its time."""
        return self.asked < 20

    @property
    def second(self) -> int:
        """How many bytes a second has."""
        return self.sample_rate_hz * self.channels * SAMPLE_BYTES

    def set_format(self, sample_rate_hz: int, channels: int, lag_s: float) -> None:
        """What was opened. `lag_s` is how much later a sound is heard than it is pulled, for
        devices that do not say it with each pull."""
        with self._lock:
            self.sample_rate_hz, self.channels, self._lag_s = sample_rate_hz, channels, lag_s

    def pull(self, out: Any, _frames: int, times: Any, _status: Any) -> None:
        """PortAudio's callback: fill `out` with what is queued, then with silence."""
        now_s = time.monotonic()
        with self._lock:
            tail, self._tail = self._tail[: len(out)], b""
            room = 0 if self._held else len(out) - len(tail)
            sound = bytes(self._queued[:room])
            del self._queued[: len(sound)]
            if sound:
                at_s = now_s + self._lag(times)
                self._log.append(_Pulled(at_s, self.pulled_bytes, len(sound)))
            self.asked += 1
            self.asked_at_s = now_s
            self.pulled_bytes += len(sound)
            self._sounding = bool(sound)
            due = [call for start, call in self._firsts if start < self.pulled_bytes]
            self._firsts = [item for item in self._firsts if item[0] >= self.pulled_bytes]
            wake, self._waiting = self._waiting, False
        given = (tail + sound).ljust(len(out), b"\0")
        out[:] = given
        if self._played is not None and self.sample_rate_hz:
            self._played(given, self.sample_rate_hz, self.channels)
        for call in due:
            self._loop.call_soon_threadsafe(call, now_s)
        if wake:
            self._loop.call_soon_threadsafe(self.moved.set)

    def put(self, sound: bytes, on_first: Callable[[float], None] | None) -> int:
        """Queue sound; `on_first` is called when its first sample is pulled. The end's place."""
        with self._lock:
            if on_first is not None:
                self._firsts.append((self.put_bytes, on_first))
            self._queued += sound
            self.put_bytes += len(sound)
            return self.put_bytes

    def heard(self) -> int:
        """The place up to which the sound has come out of the device."""
        with self._lock:
            return self._heard(time.monotonic())

    def hold(self, *, held: bool) -> None:
        """Give silence and keep what is queued, until it is called with False."""
        with self._lock:
            if held == self._held:
                return
            self._held = held
            if held:
                self._fade_out()
            else:
                rising = self._faded(0.0, 1.0)
                self._queued[: len(rising)] = rising

    def clear(self) -> None:
        """Drop what is queued, as if it had been pulled, and end the batch of playbacks."""
        with self._lock:
            self.batch.ended_at = self._heard(time.monotonic())
            self.batch = Batch()
            self._fade_out()
            self._held = False
            self._queued.clear()
            self._firsts.clear()
            self.pulled_bytes = self.put_bytes
        self.moved.set()

    def lose(self) -> None:
        self.lost = True
        self.clear()

    async def move(self) -> None:
        """Wait until something is pulled, cleared or lost."""
        self.moved.clear()
        with self._lock:
            self._waiting = True
        if not self.lost:
            await self.moved.wait()

    # --- with the lock held --------------------------------------------------------------------

    def _lag(self, times: Any) -> float:
        lag_s = times.outputBufferDacTime - times.currentTime if times is not None else 0.0
        return float(lag_s) if 0 < lag_s < _LONGEST_LAG_S else self._lag_s

    def _heard(self, now_s: float) -> int:
        for pulled in reversed(self._log):
            if pulled.at_s <= now_s:
                return pulled.start + min(pulled.size, int((now_s - pulled.at_s) * self.second))
        return self._log[0].start if self._log else 0

    def _fade_out(self) -> None:
        """What a sound that is cut off ends with. What is queued stays as it is."""
        if self._sounding:
            self._tail = self._faded(1.0, 0.0)

    def _faded(self, from_factor: float, to_factor: float) -> bytes:
        frame_bytes = self.channels * SAMPLE_BYTES
        size = min(len(self._queued), int(self.sample_rate_hz * _FADE_S) * frame_bytes)
        sound = np.frombuffer(bytes(self._queued[:size]), dtype=np.int16)
        ramp = np.linspace(from_factor, to_factor, len(sound))
        return (sound * ramp).astype(np.int16).tobytes()
