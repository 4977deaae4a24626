"""Whose voice was it? What the echo canceller takes away is PiChat's own, what it leaves is not."""

from __future__ import annotations

from collections import deque

import numpy as np

from pichat.audio.pcm import BLOCK_SAMPLES, samples

_WINDOW = samples(0.8) // BLOCK_SAMPLES  # a wake word
# PiChat's voice alone loses 29 to 60 dB, that of a person who speaks into it 2 to 10.
_OWN_DB = 18.0


class OwnVoice:
    """Compares blocks of int16 sound before and after cancelling."""

    def __init__(self) -> None:
        self._before: deque[float] = deque(maxlen=_WINDOW)
        self._after: deque[float] = deque(maxlen=_WINDOW)

    def note(self, heard: bytes, cleaned: bytes) -> None:
        """The next block. One that is as it was cost no energy, and no time to find out."""
        if heard is cleaned or heard == cleaned:
            self._before.append(0.0)
            self._after.append(0.0)
        else:
            self._before.append(_energy(heard))
            self._after.append(_energy(cleaned))

    @property
    def alone(self) -> bool:
        """Whether in the last moment nobody else spoke."""
        before, after = sum(self._before), sum(self._after)
        return before > 0 and after < before * 10 ** (-_OWN_DB / 10)


def _energy(block: bytes) -> float:
    wave = np.frombuffer(block, np.int16).astype(np.float32)
    return float(wave @ wave)
