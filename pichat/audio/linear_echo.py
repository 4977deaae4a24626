"""Taking off of an echo just what follows from what was played.

WebRTC's canceller also suppresses what may be the echo's rest, and with it single words that are
said into a loud answer. What is left here is louder, but whoever speaks is as he was.

The filter is the Kalman filter in the frequency domain with a partitioned impulse response (Enzner
and Vary, 2006; partitions after Kuech, Mabande and Enzner, 2014), which finds its own step size and
so needs nobody to tell it when two speak at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pichat.audio.pcm import SAMPLE_RATE_HZ
from pichat.audio.reference import PIECES_PER_S, Played

_PIECE = SAMPLE_RATE_HZ // PIECES_PER_S
_PARTS = 30  # of 10 ms: the delay of both devices, and the room
_FIRST_DOUBT, _FADES = 0.1, 12.0  # the response that is expected: faint, and less and less
_KEEPS = 0.9995  # how fast a room may change, per piece
_SMOOTHING = 0.9
_LEAST_POWER = 1e-3  # of a bin, in the filter's units: below it nothing is to be learnt
_TAPS = 15  # of the low-pass before samples are left out, on each side and for each one left

Wave = NDArray[np.float32]


class LinearEcho:
    """10 ms pieces of 16 kHz mono int16, heard and played in step. One thread at a time."""

    def __init__(self) -> None:
        bins = _PIECE + 1
        self._played = np.zeros((_PARTS, bins), np.complex64)
        self._filter = np.zeros((_PARTS, bins), np.complex64)
        expected = _FIRST_DOUBT * np.exp(-np.arange(_PARTS) / _FADES)
        self._doubt = np.repeat(expected[:, None], bins, axis=1).astype(np.float32)
        self._others = np.zeros(bins, np.float32)  # the power of all that is no echo
        self._before: Wave = np.zeros(_PIECE, np.float32)
        self._down: _Down | None = None

    def clean(self, heard: bytes, played: Played) -> bytes:
        """The piece without its echo, in time with it."""
        mic = _wave(heard)
        reference = self._mono(played)
        spectrum = np.fft.rfft(np.concatenate([self._before, reference]))
        self._before = reference
        self._played = np.roll(self._played, 1, axis=0)
        self._played[0] = spectrum
        echo = np.fft.irfft(np.sum(self._filter * self._played, axis=0))[_PIECE:]
        rest: Wave = (mic - echo).astype(np.float32)
        self._learn(rest)
        return np.clip(np.round(rest * 32768), -32768, 32767).astype(np.int16).tobytes()

    def _learn(self, rest: Wave) -> None:
        error = np.fft.rfft(np.concatenate([np.zeros(_PIECE, np.float32), rest]))
        power = np.abs(self._played) ** 2
        others = _SMOOTHING * self._others + (1 - _SMOOTHING) * np.abs(error) ** 2
        self._others = others.astype(np.float32)
        expected = 0.5 * np.sum(self._doubt * power, axis=0) + self._others + _LEAST_POWER
        gain = self._doubt / expected
        step = np.fft.irfft(gain * np.conj(self._played) * error, axis=1)
        step[:, _PIECE:] = 0  # else the filter would wrap around
        moved = _KEEPS * (self._filter + np.fft.rfft(step, axis=1))
        self._filter = moved.astype(np.complex64)
        left = _KEEPS**2 * (1 - 0.5 * gain * power) * self._doubt
        may_move = (1 - _KEEPS**2) * np.abs(self._filter) ** 2
        self._doubt = (left + may_move).astype(np.float32)

    def _mono(self, played: Played) -> Wave:
        wave = _wave(played.pcm)
        if played.channels > 1:
            wave = wave.reshape(-1, played.channels).mean(axis=1, dtype=np.float32)
        factor = played.sample_rate_hz // SAMPLE_RATE_HZ
        if factor <= 1:
            return wave
        if self._down is None or self._down.factor != factor:
            self._down = _Down(factor)
        return self._down.take(wave)


def _wave(pcm: bytes) -> Wave:
    return (np.frombuffer(pcm, np.int16) / np.float32(32768)).astype(np.float32)


class _Down:
    """Leaves samples out; a millisecond late, which an echo always is too."""

    def __init__(self, factor: int) -> None:
        self.factor = factor
        at = np.arange(-_TAPS * factor, _TAPS * factor + 1)
        taps = np.sinc(at / factor) * np.hanning(len(at))
        self._taps = (taps / taps.sum()).astype(np.float32)
        self._kept: Wave = np.zeros(len(at) - 1, np.float32)

    def take(self, wave: Wave) -> Wave:
        whole = np.concatenate([self._kept, wave])
        self._kept = whole[len(wave) :]
        return np.convolve(whole, self._taps, mode="valid")[:: self.factor].astype(np.float32)
