"""The speaker: a stream that never ends, silent between the sounds, so that none is clipped."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import numpy as np
import soxr
import structlog

from pichat.audio.pcm import SAMPLE_BYTES
from pichat.audio.portaudio import OpenStream, PortAudio
from pichat.errors import UnavailableError
from pichat.health import Health

log = structlog.get_logger(__name__)
_LATENCY_S = 0.06
_LOOK_S = 0.25
_QUEUED_S = 3.0  # a playback that is further ahead waits


class Speaker:
    """Implements SoundSink. `device` is `default` or a part of a device's name.

    `serve` holds the device; without it every playback raises UnavailableError at once.
    """

    def __init__(
        self,
        device: str,
        portaudio: PortAudio,
        health: Health,
        *,
        stalled_s: float = 2.0,
        first_s: float = 6.0,
    ) -> None:
        self._device = device
        self._portaudio = portaudio
        self._health = health
        self._stalled_s = stalled_s
        self._first_s = first_s
        self.stream: OpenStream | None = None
        self.generation = 0  # of playbacks: `stop` ends those of the generation before
        self._buffer = Buffer()

    async def serve(self) -> None:
        """See SoundSink. Sets the part `speaker` to ok once the device asks for sound."""
        while True:
            self._buffer = buffer = Buffer()
            stream = await self._portaudio.open(
                "speaker", self._device, (48_000,), _LATENCY_S, buffer.pull
            )
            buffer.channels = stream.channels
            log.info("speaker open", device=stream.device, sample_rate_hz=stream.sample_rate_hz)
            try:
                await self._watch(stream, buffer)
            finally:
                self.stream = None
                buffer.lose()
                await self._portaudio.close_stream(stream)

    def begin(self, on_first: Callable[[float], None] | None = None) -> SpeakerPlayback:
        """See SoundSink."""
        if self.stream is None:
            raise UnavailableError("There is no speaker to answer through.")
        return SpeakerPlayback(self, self.stream, self._buffer, on_first)

    def stop(self) -> None:
        """See SoundSink."""
        self.generation += 1
        self._buffer.clear()

    def pause(self) -> None:
        """See SoundSink."""
        self._buffer.hold(held=True)

    def resume(self) -> None:
        """See SoundSink."""
        self._buffer.hold(held=False)

    async def _watch(self, stream: OpenStream, buffer: Buffer) -> None:
        while not await stream.was_replaced(_LOOK_S):
            stalled_s = time.monotonic() - buffer.asked_at_s
            if stalled_s > (self._first_s if buffer.starting else self._stalled_s):
                raise UnavailableError("The speaker takes no sound any more.")
            if buffer.asked and self.stream is None:
                self.stream = stream
                self._health.set("speaker", "ok")


class Buffer:
    """Sound between the event loop, which writes, and PortAudio's thread, which pulls."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queued = bytearray()
        self._loop = asyncio.get_running_loop()
        self._waiting = False
        self._held = False
        self._firsts: list[tuple[int, Callable[[float], None]]] = []
        self.moved = asyncio.Event()  # something was pulled, cleared or lost
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

    def pull(self, out: Any, _frames: int, _time: Any, _status: Any) -> None:
        """PortAudio's callback: fill `out` with what is queued, then with silence."""
        now_s = time.monotonic()
        with self._lock:
            sound = b"" if self._held else bytes(self._queued[: len(out)])
            del self._queued[: len(sound)]
            self.asked += 1
            self.asked_at_s = now_s
            self.pulled_bytes += len(sound)
            due = [call for start, call in self._firsts if start < self.pulled_bytes]
            self._firsts = [item for item in self._firsts if item[0] >= self.pulled_bytes]
            wake, self._waiting = self._waiting, False
        out[: len(sound)] = sound
        out[len(sound) :] = bytes(len(out) - len(sound))
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

    def hold(self, *, held: bool) -> None:
        """Give silence and keep what is queued, until it is called with False."""
        with self._lock:
            self._held = held

    def clear(self) -> None:
        """Drop what is queued, as if it had been pulled."""
        with self._lock:
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


class SpeakerPlayback:
    """Implements Playback on one opened device; it ends with that device."""

    def __init__(
        self,
        speaker: Speaker,
        stream: OpenStream,
        buffer: Buffer,
        on_first: Callable[[float], None] | None,
    ) -> None:
        self._speaker = speaker
        self._stream = stream
        self._buffer = buffer
        self._on_first = on_first
        self._generation = speaker.generation
        self._end = 0

    @property
    def _stopped(self) -> bool:
        if self._buffer.lost:
            raise UnavailableError("The speaker was lost while it was speaking.")
        return self._generation != self._speaker.generation

    async def write(self, chunks: AsyncIterator[bytes], sample_rate_hz: int) -> bool:
        """See Playback. Resampled to the device's rate by a resampler of its own."""
        resample = soxr.ResampleStream(
            sample_rate_hz, self._stream.sample_rate_hz, 1, dtype="int16"
        )
        odd = b""
        async for chunk in chunks:
            whole = odd + chunk
            cut = len(whole) - len(whole) % SAMPLE_BYTES
            odd = whole[cut:]
            sound = resample.resample_chunk(np.frombuffer(whole[:cut], dtype=np.int16))
            if not await self._put(sound.repeat(self._stream.channels).tobytes()):
                return False
        rest = resample.resample_chunk(np.empty(0, dtype=np.int16), last=True)
        return await self._put(rest.repeat(self._stream.channels).tobytes())

    async def finish(self) -> bool:
        """See Playback. What the device itself holds back is waited for as well."""
        while not self._stopped and self._buffer.pulled_bytes < self._end:
            await self._buffer.move()
        deadline_s = time.monotonic() + self._stream.latency_s
        while not self._stopped and time.monotonic() < deadline_s:
            await self._buffer.move()
        return not self._stopped

    async def _put(self, sound: bytes) -> bool:
        second = self._stream.sample_rate_hz * self._stream.channels * SAMPLE_BYTES
        while not self._stopped and (
            self._buffer.put_bytes - self._buffer.pulled_bytes > _QUEUED_S * second
        ):
            await self._buffer.move()
        if self._stopped:
            return False
        if sound:
            self._end = self._buffer.put(sound, self._on_first)
            self._on_first = None
        return True
