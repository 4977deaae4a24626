"""Short utterances between two pauses, found by nothing but loudness."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pichat.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE_HZ

_FRAME = SAMPLE_RATE_HZ // 100
_FRAME_BYTES = _FRAME * SAMPLE_BYTES
_KEPT = 140  # frames of 10 ms: the longest phrase of a slow speaker, and the pause before it
_BEFORE = 20  # a pause is longer, or what follows belongs to what came before
_AFTER = 12  # so soon it is looked at; it may yet go on, and is looked at again then
_SHORTEST = 12
_LOUD = 0.2  # of the way from the quietest to the loudest frame
_AUDIBLE = 60.0  # of 32,767
_OVER_NOISE = 3.0


class Utterances:
    """Takes 16 kHz mono int16 in order. One thread at a time."""

    def __init__(self) -> None:
        self._rest = b""
        self._frames: deque[bytes] = deque(maxlen=_KEPT)
        self._levels: deque[float] = deque(maxlen=_KEPT)

    def feed(self, pcm: bytes) -> Iterator[bytes]:
        """Each utterance that ends in the next sound, with 0.2 s of what was before it."""
        pcm = self._rest + pcm
        whole = len(pcm) // _FRAME_BYTES * _FRAME_BYTES
        self._rest = pcm[whole:]
        for at in range(0, whole, _FRAME_BYTES):
            if found := self._take(pcm[at : at + _FRAME_BYTES]):
                yield found

    def forget(self) -> None:
        """What comes next does not follow the sound so far."""
        self._frames.clear()
        self._levels.clear()

    def _take(self, frame: bytes) -> bytes | None:
        wave = np.frombuffer(frame, np.int16).astype(np.float32)
        self._frames.append(frame)
        self._levels.append(float(np.sqrt(wave @ wave / _FRAME)))
        levels = np.array(self._levels)
        least, most = float(levels.min()), float(levels.max())
        if most < max(_AUDIBLE, least * _OVER_NOISE):
            return None
        loud = np.flatnonzero(levels > least + (most - least) * _LOUD)
        end = int(loud[-1]) + 1
        quiet = len(levels) - end
        if quiet == _AFTER:
            return self._utterance(loud)
        if quiet > _BEFORE:
            # What was loud is over, and no measure for what comes.
            for _ in range(end):
                self._frames.popleft()
                self._levels.popleft()
        return None

    def _utterance(self, loud: NDArray[np.intp]) -> bytes | None:
        """What was said after the last pause, up to now."""
        pauses = np.flatnonzero(np.diff(loud) > _BEFORE)
        first = int(loud[pauses[-1] + 1] if len(pauses) else loud[0])
        if loud[-1] + 1 - first < _SHORTEST or first < _BEFORE:
            return None
        return b"".join(list(self._frames)[first - _BEFORE :])
