"""From what a device gives to the one form of sound inside the daemon."""

from __future__ import annotations

import numpy as np
import soxr

from pichat.audio.pcm import SAMPLE_RATE_HZ


class Converter:
    """Turns one continuous int16 stream of any rate and channel count into 16 kHz mono.

    Keeps the resampler's state from call to call, so one converter serves one stream only. The
    length of a result follows the resampler; callers re-chunk.
    """

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        self._channels = channels
        self._stream: soxr.ResampleStream | None = None
        if sample_rate_hz != SAMPLE_RATE_HZ:
            self._stream = soxr.ResampleStream(sample_rate_hz, SAMPLE_RATE_HZ, 1, dtype="int16")

    def __call__(self, pcm: bytes, *, last: bool = False) -> bytes:
        if self._channels == 1 and self._stream is None:
            return pcm
        sound = np.frombuffer(pcm, dtype=np.int16)
        if self._channels == 2:
            # The mean keeps a microphone that is wired to one channel only, and cannot clip.
            sound = sound.reshape(-1, 2).mean(axis=1).astype(np.int16)
        elif self._channels > 2:
            # An array: some of its channels may be what it plays, so the first one alone.
            sound = np.ascontiguousarray(sound.reshape(-1, self._channels)[:, 0])
        if self._stream is not None:
            sound = self._stream.resample_chunk(sound, last=last)
        return sound.tobytes()
