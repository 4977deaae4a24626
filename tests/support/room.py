"""A room in which sound takes its time: mouths, noise, a speaker, and what a microphone gets of
them. Positions are samples since the room began; everything is 16 kHz until a bad microphone
makes something else of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import soxr
from numpy.typing import NDArray

from pichat.audio.base import Frame
from pichat.audio.pcm import BLOCK_BYTES, BLOCK_S, BLOCK_SAMPLES, SAMPLE_RATE_HZ, samples
from pichat.audio.resample import Converter
from pichat.errors import UnavailableError
from pichat.health import Health

Wave = NDArray[np.float64]
Fault = Literal["stereo 44.1 kHz", "dc offset", "clipping", "zeros"]
Played = Callable[[bytes, int, int], None]

_QUEUED_S = 3.0  # as with the real speaker, a playback that is further ahead waits
_WATCHDOG_S = 1.5  # as with the real devices, that is how late a loss is noticed
_DECAY_S = 0.2
_LIVELY_DB = 8.0  # the direct sound over the room's echo of it


class Air:
    """What is to be heard at one place, some seconds ahead of now."""

    def __init__(self) -> None:
        self._ahead = np.zeros(30 * SAMPLE_RATE_HZ)
        self._start = 0  # where now is in it
        self.now = 0

    def add(self, wave: Wave, at: int) -> None:
        """`wave` is heard from position `at` on; what of it is over already is left out."""
        start = at - self.now
        wave, start = wave[max(0, -start) :], self._start + max(0, start)
        if start + len(wave) > len(self._ahead):
            start -= self._start
            left = self._ahead[self._start :]
            size = max(len(self._ahead), start + len(wave))
            self._ahead, self._start = np.concatenate([left, np.zeros(size)]), 0
        self._ahead[start : start + len(wave)] += wave

    def take(self, count: int) -> Wave:
        """The next samples; time goes on by as many."""
        if self._start + count > len(self._ahead):
            self._ahead, self._start = np.zeros(30 * SAMPLE_RATE_HZ), 0
        taken = self._ahead[self._start : self._start + count].copy()
        self._start += count
        self.now += count
        return taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """How a speaker is heard by the microphone beside it."""

    gain_db: float
    delay_s: float = 0.04
    lively: bool = True  # the room answers

    def response(self) -> Wave:
        at_s = np.arange(samples(_DECAY_S)) / SAMPLE_RATE_HZ
        tail = np.random.default_rng(5).normal(size=len(at_s)) * 10 ** (-3 * at_s / _DECAY_S)
        tail[: samples(0.003)] = 0
        tail *= self.lively / np.sqrt(np.sum(tail**2)) / 10 ** (_LIVELY_DB / 20)
        tail[0] = 1
        return tail * 10 ** (self.gain_db / 20)


class RoomMicrophone:
    """Implements SoundSource; the room calls `tick` for each 20 ms. It heals as the real one does:
    a loss is noticed after a while, and whoever serves it tries again."""

    def __init__(self, air: Air, health: Health, faults: frozenset[Fault] = frozenset()) -> None:
        self.air = air
        self.faults = faults
        self._health = health
        self._deliver: Callable[[Frame], None] | None = None
        self._lost: asyncio.Event = asyncio.Event()
        self._hiss = np.random.default_rng(3).normal(size=SAMPLE_RATE_HZ) * 4.0  # -78 dBFS
        self._upsample = soxr.ResampleStream(SAMPLE_RATE_HZ, 44_100, 1, dtype="int16")
        self._convert = Converter(44_100, 2)
        self.present = True

    async def serve(self, deliver: Callable[[Frame], None]) -> None:
        """See SoundSource."""
        if not self.present:
            raise UnavailableError("No microphone is connected.")
        self._deliver, self._lost = deliver, asyncio.Event()
        self._health.set("microphone", "ok")
        try:
            await self._lost.wait()
            await asyncio.sleep(_WATCHDOG_S)
        finally:
            self._deliver = None
        raise UnavailableError("No sound arrives from the microphone.")

    def plug(self, present: bool) -> None:
        """Pull it out, or put it in."""
        self.present = present
        if not present:
            self._lost.set()

    def tick(self, now_s: float) -> None:
        """The 20 ms that end now."""
        at = self.air.now
        wave = self.air.take(BLOCK_SAMPLES)
        wave += np.take(self._hiss, np.arange(at, at + BLOCK_SAMPLES), mode="wrap")
        if self._deliver is not None and self.present:
            self._deliver(self._captured(wave, now_s))

    def _captured(self, wave: Wave, now_s: float) -> Frame:
        if "zeros" in self.faults:
            wave = np.zeros_like(wave)
        if "dc offset" in self.faults:
            wave = wave + 0.2 * 32768
        if "clipping" in self.faults:
            wave = wave * 5.0
        sound = np.clip(np.round(wave), -32768, 32767).astype(np.int16)
        if "stereo 44.1 kHz" in self.faults:
            stereo = self._upsample.resample_chunk(sound).repeat(2)
            return Frame(stereo.tobytes(), now_s, self._convert)
        return Frame(sound.tobytes(), now_s)


@dataclass(eq=False)
class Batch:
    """The playbacks that one `stop` ends, and the place that had been heard by then."""

    ended_at: int | None = None


class RoomSpeaker:
    """Implements SoundSink in virtual time: each `tick` 20 ms of what is queued come out, into
    `air` as `echo` says, and `played` is told of all, silence as well."""

    def __init__(self, health: Health | None, air: Air | None, echo: Echo | None) -> None:
        self._health = health
        self._air = air
        self._echo = echo
        self._response = echo.response() if echo else np.zeros(0)
        self._queued = bytearray()
        self._held = False
        self._lost = asyncio.Event()
        self._firsts: list[tuple[int, Callable[[float], None]]] = []
        self.moved = asyncio.Event()
        self.listeners: list[Played] = []
        self.present = True
        self.batch = Batch()
        self.put_bytes = self.pulled_bytes = 0
        self.sounding = False
        self.changed: Callable[[bool], None] = lambda sounding: None

    async def serve(self) -> None:
        """See SoundSink."""
        if not self.present:
            raise UnavailableError("No speaker is connected.")
        self._lost = asyncio.Event()
        if self._health is not None:
            self._health.set("speaker", "ok")
        await self._lost.wait()
        raise UnavailableError("The speaker takes no sound any more.")

    def begin(
        self, on_first: Callable[[float], None] | None = None, volume: float = 1.0
    ) -> RoomPlayback:
        """See SoundSink."""
        if not self.present:
            raise UnavailableError("There is no speaker to answer through.")
        return RoomPlayback(self, on_first, volume)

    def stop(self) -> None:
        """See SoundSink."""
        self.batch.ended_at, self.batch = self.pulled_bytes, Batch()
        self._held = False
        self._queued.clear()
        self._firsts.clear()
        self.put_bytes = self.pulled_bytes
        self._move()

    def pause(self) -> None:
        """See SoundSink."""
        self._held = True

    def resume(self) -> None:
        """See SoundSink."""
        self._held = False

    def plug(self, present: bool) -> None:
        """Pull it out, or put it in."""
        self.present = present
        if not present:
            self._lost.set()
            self.stop()

    def put(self, sound: bytes, on_first: Callable[[float], None] | None) -> int:
        """Queue sound; the place of its end."""
        if on_first is not None:
            self._firsts.append((self.put_bytes, on_first))
        self._queued += sound
        self.put_bytes += len(sound)
        return self.put_bytes

    @property
    def ahead_s(self) -> float:
        return (self.put_bytes - self.pulled_bytes) / BLOCK_BYTES * BLOCK_S

    def tick(self, now_s: float) -> None:
        """The next 20 ms go to the device."""
        sound = b"" if self._held else bytes(self._queued[:BLOCK_BYTES])
        del self._queued[: len(sound)]
        self.pulled_bytes += len(sound)
        due = [call for start, call in self._firsts if start < self.pulled_bytes]
        self._firsts = [item for item in self._firsts if item[0] >= self.pulled_bytes]
        for call in due:
            call(now_s)
        if bool(sound) != self.sounding:
            self.sounding = bool(sound)
            self.changed(self.sounding)
        block = sound.ljust(BLOCK_BYTES, b"\0")
        for played in self.listeners:
            played(block, SAMPLE_RATE_HZ, 1)
        if sound:
            self._emit(block)
            self._move()

    def _emit(self, block: bytes) -> None:
        if self._air is None or self._echo is None:
            return
        wave = np.frombuffer(block, np.int16).astype(np.float64)
        at = self._air.now + samples(self._echo.delay_s)
        self._air.add(np.convolve(wave, self._response), at)

    def _move(self) -> None:
        self.moved.set()
        self.moved = asyncio.Event()


class RoomPlayback:
    """Implements Playback."""

    def __init__(
        self, speaker: RoomSpeaker, on_first: Callable[[float], None] | None, volume: float
    ) -> None:
        self._speaker = speaker
        self._on_first = on_first
        self._volume = volume
        self._batch = speaker.batch
        self._start = self._end = speaker.put_bytes
        self._written = 0

    @property
    def written_s(self) -> float:
        return self._written / BLOCK_BYTES * BLOCK_S

    @property
    def heard_s(self) -> float:
        ended_at = self._batch.ended_at
        pulled = self._speaker.pulled_bytes if ended_at is None else ended_at
        return max(0, min(pulled, self._end) - self._start) / BLOCK_BYTES * BLOCK_S

    async def write(self, chunks: AsyncIterator[bytes], sample_rate_hz: int) -> bool:
        """See Playback."""
        resample = soxr.ResampleStream(sample_rate_hz, SAMPLE_RATE_HZ, 1, dtype="int16")
        odd = b""
        async for chunk in chunks:
            whole = odd + chunk
            cut = len(whole) - len(whole) % 2
            odd = whole[cut:]
            if not await self._put(resample.resample_chunk(np.frombuffer(whole[:cut], np.int16))):
                return False
        return await self._put(resample.resample_chunk(np.empty(0, np.int16), last=True))

    async def finish(self) -> bool:
        """See Playback."""
        while not self._stopped and self._speaker.pulled_bytes < self._end:
            await self._speaker.moved.wait()
        return not self._stopped

    @property
    def _stopped(self) -> bool:
        if not self._speaker.present:
            raise UnavailableError("The speaker was lost while it was speaking.")
        return self._batch.ended_at is not None

    async def _put(self, sound: NDArray[np.int16]) -> bool:
        while not self._stopped and self._speaker.ahead_s > _QUEUED_S:
            await self._speaker.moved.wait()
        if self._stopped:
            return False
        pcm = (sound * self._volume).astype(np.int16).tobytes()
        if pcm:
            self._end = self._speaker.put(pcm, self._on_first)
            self._written += len(pcm)
            self._on_first = None
        return True
