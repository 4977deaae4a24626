"""What openWakeWord's words listen to: one embedding of 96 values for each 80 ms of sound.

Sound → mel spectrum (8 rows of 32 for 80 ms, from 110 ms) → embedding (of 76 rows, each 8 rows
on). Shapes and the spectrum's scale are those of openWakeWord's own models.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pichat.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE_HZ
from pichat.wake.models import open_front_end
from pichat.wake.tflite import Network

Vector = NDArray[np.float32]

STEP_SAMPLES = 1280
STEP_S = STEP_SAMPLES / SAMPLE_RATE_HZ
EMBEDDING_SIZE = 96
_STEP_BYTES = STEP_SAMPLES * SAMPLE_BYTES
_SPECTRUM_SAMPLES = 1760
_SPECTRUM_BYTES = _SPECTRUM_SAMPLES * SAMPLE_BYTES
_ROWS_A_STEP = 8
_MELS = 32
_EMBEDDING_ROWS = 76
_EMBEDDING_STEPS = 10  # that hold those rows


class Features:
    """The last `count` embeddings of a stream of 16 kHz mono int16 sound.

    Each can be computed as the sound comes, or all of them at once from the sound that they were
    made of: that takes a fifth of the time, as the embeddings share most of their work.
    """

    def __init__(self, count: int) -> None:
        spectrum, embedding = open_front_end()
        rows = _EMBEDDING_ROWS + (count - 1) * _ROWS_A_STEP
        self._spectrum = Network(spectrum, (1, _SPECTRUM_SAMPLES))
        self._one = Network(embedding, (1, _EMBEDDING_ROWS, _MELS, 1))
        self._all = Network(embedding, (1, rows, _MELS, 1))
        self._steps = -(-rows // _ROWS_A_STEP)
        self._rows: deque[Vector] = deque(maxlen=self._steps)
        self._sound = bytearray()
        self.embeddings: deque[Vector] = deque(maxlen=count)
        self.look_back(b"")

    @property
    def sound_bytes(self) -> int:
        """How much sound `look_back` can make use of."""
        return _SPECTRUM_BYTES + (self._steps - 1) * _STEP_BYTES

    def feed(self, pcm: bytes) -> Iterator[None]:
        """Take the next sound, of any length; a step at each new embedding. Exhaust the iterator
        before feeding again."""
        self._sound += pcm
        while len(self._sound) >= _SPECTRUM_BYTES:
            self._rows.append(self._rows_of(self._sound[:_SPECTRUM_BYTES]))
            del self._sound[:_STEP_BYTES]
            rows = np.concatenate([*self._rows][-_EMBEDDING_STEPS:])
            self.embeddings.append(self._one.run(rows[-_EMBEDDING_ROWS:]).reshape(-1))
            yield

    def look_back(self, pcm: bytes) -> None:
        """Forget what was before, and begin with the end of `pcm`, after silence if it is short.
        The last embedding ends where `pcm` ends."""
        sound = pcm[-self.sound_bytes :].rjust(self.sound_bytes, b"\0")
        for start in range(0, len(sound) - _SPECTRUM_BYTES + 1, _STEP_BYTES):
            self._rows.append(self._rows_of(sound[start : start + _SPECTRUM_BYTES]))
        rows = np.concatenate(self._rows)[-self._all.input.shape[1] :]
        self.embeddings.extend(self._all.run(rows).reshape(-1, EMBEDDING_SIZE))
        self._sound[:] = sound[-(_SPECTRUM_BYTES - _STEP_BYTES) :]

    def close(self) -> None:
        for network in (self._spectrum, self._one, self._all):
            network.close()

    def _rows_of(self, sound: bytes | bytearray) -> Vector:
        samples = np.frombuffer(sound, np.int16).astype(np.float32)
        spectrum: Vector = self._spectrum.run(samples).reshape(-1, _MELS) / np.float32(10)
        return spectrum + np.float32(2)
