"""The speaker: a stream that never ends, silent between the sounds, so that none is clipped."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable

import numpy as np
import soxr
import structlog

from pichat.audio.buffer import Buffer, Tap
from pichat.audio.pcm import SAMPLE_BYTES
from pichat.audio.portaudio import OpenStream, PortAudio
from pichat.errors import UnavailableError
from pichat.health import Health

log = structlog.get_logger(__name__)
_LATENCY_S = 0.06
_LOOK_S = 0.15
_QUEUED_S = 3.0  # a playback that is further ahead waits


class Speaker:
    """Implements SoundSink. `device` is `default` or a part of a device's name. `played` is called
    on PortAudio's thread with all that goes to the device, silence as well: int16, rate, channels.

    `serve` holds the device; without it every playback raises UnavailableError at once.
    """

    def __init__(
        self,
        device: str,
        portaudio: PortAudio,
        health: Health,
        *,
        played: Tap | None = None,
        stalled_s: float = 1.8,  # PulseAudio asks again up to 1.7 s after its buffer ran dry
        first_s: float = 6.0,
    ) -> None:
        self._device = device
        self._portaudio = portaudio
        self._health = health
        self._played = played
        self._stalled_s = stalled_s
        self._first_s = first_s
        self._buffer: Buffer | None = None  # of the stream that works

    async def serve(self) -> None:
        """See SoundSink. Sets the part `speaker` to ok once the device asks for sound."""
        while True:
            buffer = Buffer(self._played)
            stream = await self._portaudio.open(
                "speaker", self._device, (48_000,), _LATENCY_S, buffer.pull
            )
            buffer.set_format(stream.sample_rate_hz, stream.channels, stream.latency_s)
            log.info("speaker open", device=stream.device, sample_rate_hz=stream.sample_rate_hz)
            try:
                await self._watch(stream, buffer)
            finally:
                self._buffer = None
                buffer.lose()
                await self._portaudio.close_stream(stream)

    def begin(
        self, on_first: Callable[[float], None] | None = None, volume: float = 1.0
    ) -> SpeakerPlayback:
        """See SoundSink."""
        if self._buffer is None:
            raise UnavailableError("There is no speaker to answer through.")
        return SpeakerPlayback(self._buffer, on_first, volume)

    def stop(self) -> None:
        """See SoundSink."""
        if self._buffer is not None:
            self._buffer.clear()

    def pause(self) -> None:
        """See SoundSink."""
        if self._buffer is not None:
            self._buffer.hold(held=True)

    def resume(self) -> None:
        """See SoundSink."""
        if self._buffer is not None:
            self._buffer.hold(held=False)

    async def _watch(self, stream: OpenStream, buffer: Buffer) -> None:
        while not await stream.was_replaced(_LOOK_S):
            stalled_s = time.monotonic() - buffer.asked_at_s
            if stalled_s > (self._first_s if buffer.starting else self._stalled_s):
                raise UnavailableError("The speaker takes no sound any more.")
            if buffer.asked and self._buffer is None:
                self._buffer = buffer
                self._health.set("speaker", "ok")


class SpeakerPlayback:
    """Implements Playback on one opened device; it ends with that device."""

    def __init__(
        self, buffer: Buffer, on_first: Callable[[float], None] | None, volume: float
    ) -> None:
        self._buffer = buffer
        self._batch = buffer.batch
        self._on_first = on_first
        self._volume = np.float32(min(max(volume, 0.0), 1.0))
        self._parts: list[tuple[int, int]] = []  # its places in the buffer: from, to

    @property
    def written_s(self) -> float:
        """See Playback."""
        return sum(end - start for start, end in self._parts) / self._buffer.second

    @property
    def heard_s(self) -> float:
        """See Playback."""
        ended_at = self._batch.ended_at
        place = self._buffer.heard() if ended_at is None else ended_at
        heard = sum(max(0, min(end, place) - start) for start, end in self._parts)
        return heard / self._buffer.second

    async def write(self, chunks: AsyncIterator[bytes], sample_rate_hz: int) -> bool:
        """See Playback. Resampled to the device's rate by a resampler of its own."""
        resample = soxr.ResampleStream(
            sample_rate_hz, self._buffer.sample_rate_hz, 1, dtype="int16"
        )
        odd = b""
        async for chunk in chunks:
            whole = odd + chunk
            cut = len(whole) - len(whole) % SAMPLE_BYTES
            odd = whole[cut:]
            sound = np.frombuffer(whole[:cut], dtype=np.int16)
            if not await self._put(resample.resample_chunk(sound)):
                return False
        return await self._put(resample.resample_chunk(np.empty(0, dtype=np.int16), last=True))

    async def finish(self) -> bool:
        """See Playback. What the device itself holds back is waited for as well."""
        end = self._parts[-1][1] if self._parts else 0
        while not self._stopped and self._buffer.heard() < end:
            await self._buffer.move()
        return not self._stopped

    @property
    def _stopped(self) -> bool:
        if self._buffer.lost:
            raise UnavailableError("The speaker was lost while it was speaking.")
        return self._batch.ended_at is not None

    async def _put(self, sound: np.ndarray[tuple[int, ...], np.dtype[np.int16]]) -> bool:
        buffer = self._buffer
        most = _QUEUED_S * buffer.second
        while not self._stopped and buffer.put_bytes - buffer.pulled_bytes > most:
            await buffer.move()
        if self._stopped:
            return False
        if len(sound):
            if self._volume != 1:
                sound = (sound * self._volume).astype(np.int16)
            start = buffer.put_bytes
            end = buffer.put(sound.repeat(buffer.channels).tobytes(), self._on_first)
            self._on_first = None
            if self._parts and self._parts[-1][1] == start:
                start = self._parts.pop()[0]
            self._parts.append((start, end))
        return True
