"""microWakeWord: its models from pymicro-wakeword's wheel, and an owner's own.

A thirtieth of openWakeWord's work, as its networks keep their state from step to step.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pymicro_features import MicroFrontend

from pichat.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE_HZ
from pichat.audio.rechunk import Rechunker
from pichat.config.types import WakeWord as WantedWord
from pichat.errors import ConfigError
from pichat.wake.arming import Arming
from pichat.wake.base import Wake
from pichat.wake.highest import Highest
from pichat.wake.models import choose, describe_micro, micro_words
from pichat.wake.tflite import Network

Row = NDArray[np.float32]

ENGINE = "microwakeword"
_ROW_S = 0.01
_ROW_VALUES = 40
_ROW_BYTES = round(_ROW_S * SAMPLE_RATE_HZ) * SAMPLE_BYTES
_LONGEST_STRIDE = 10
_WARM_UP_S = 2.0  # of silence: a network that has heard nothing yet says anything
_LEAST_LOGIT = -30.0


class MicroFeatures:
    """Rows of 40 values, one for each 10 ms of 16 kHz mono int16 sound."""

    def __init__(self) -> None:
        self._front_end = MicroFrontend()
        self._pieces = Rechunker(_ROW_BYTES)

    def feed(self, pcm: bytes) -> Iterator[Row]:
        """The rows that the next sound completes."""
        for piece in self._pieces.feed(pcm):
            features = self._front_end.process_samples(piece).features
            if features:
                yield np.array(features, np.float32)


class MicroWord:
    """The network of one word. Raises ConfigError when the file is no microWakeWord model.

    `cutoff` is what its makers take for the word in the mean of its last `window` probabilities;
    `seconds` is the time between two of them.
    """

    def __init__(self, description: Path) -> None:
        file, settings = describe_micro(description)
        self.cutoff = settings.probability_cutoff
        self._network = Network(file)
        shape, output = self._network.input.shape, self._network.output
        self._stride = shape[1] if len(shape) == 3 else 0
        fits = shape == (1, self._stride, _ROW_VALUES) and 0 < self._stride <= _LONGEST_STRIDE
        if not fits or np.prod(output.shape) != 1 or output.type is None:
            self.close()
            raise ConfigError(
                f"{file.name} is not a microWakeWord model: it takes {shape}, not"
                f" (1, number, {_ROW_VALUES})."
            )
        self.seconds = self._stride * _ROW_S
        window = settings.sliding_window_size
        self.probabilities: deque[float] = deque([0.0] * window, maxlen=window)
        self._rows = np.zeros((self._stride, _ROW_VALUES), np.float32)
        self._filled = 0
        for row in [np.zeros(_ROW_VALUES, np.float32)] * round(_WARM_UP_S / _ROW_S):
            self.feed(row)
        self._logit = self._network.logit()

    def feed(self, row: Row) -> bool:
        """Take the next row; whether there is a new probability."""
        self._rows[self._filled] = row
        self._filled = (self._filled + 1) % self._stride
        if self._filled:
            return False
        self.probabilities.append(self._network.score(self._rows))
        return True

    def mean(self, count: int | None = None) -> float:
        """The mean of the last `count` probabilities, or of the `window` that the makers take."""
        last = list(self.probabilities)[-(count or 0) :]
        return sum(last) / len(last)

    def logit(self) -> float:
        """The last probability on a scale on which very unlikely and unlikely are not the same."""
        if self._logit is not None:
            return self._logit.value()
        likely = min(self.probabilities[-1], 0.999)
        return math.log(likely / (1 - likely)) if likely > 0 else _LEAST_LOGIT

    def close(self) -> None:
        self._network.close()


def load_micro(files: Mapping[str, Path]) -> dict[str, MicroWord]:
    """The networks of all words, or none: ConfigError holds every file that is no model."""
    words, problems = {}, []
    for word, file in files.items():
        try:
            words[word] = MicroWord(file)
        except ConfigError as error:
            problems.append(error.sentence)
    if problems:
        raise ConfigError("\n".join(problems))
    return words


class MicroWakeWords:
    """Implements WakeWords. New scores come every 30 ms.

    `files`: each word's description, by the word as it is told; `thresholds`: those that are not
    the model's own.
    """

    def __init__(self, files: Mapping[str, Path], thresholds: Mapping[str, float]) -> None:
        self._features = MicroFeatures()
        self._words = load_micro(files)
        self._armings = {
            name: Arming(thresholds.get(name, word.cutoff)) for name, word in self._words.items()
        }
        self._highest = Highest()

    def process(self, pcm: bytes) -> Wake | None:
        """See WakeWords."""
        told: Wake | None = None
        for row in self._features.feed(pcm):
            for name, word in self._words.items():
                if word.feed(row):
                    told = self._judge(name, word) or told
        return told

    def be_strict(self, strict: bool) -> None:
        """See WakeWords: two means in a row have to be over the threshold."""
        for arming in self._armings.values():
            arming.strict = strict

    def scores(self) -> dict[str, dict[str, float]]:
        """See WakeWords."""
        return {ENGINE: self._highest.take()}

    def close(self) -> None:
        """See WakeWords."""
        for word in self._words.values():
            word.close()

    def _judge(self, name: str, word: MicroWord) -> Wake | None:
        score = word.mean()
        self._highest.note(name, score)
        if not self._armings[name].take(score, word.seconds):
            return None
        for arming in self._armings.values():
            arming.disarm()
        return Wake(name, {ENGINE: score})


def create(words: Sequence[WantedWord], folder: Path | None) -> MicroWakeWords:
    """See load_wake_words."""
    known = micro_words(folder)
    files = {each.word: choose(each.word, known, "microWakeWord") for each in words}
    return MicroWakeWords(files, {w.word: w.threshold for w in words if w.threshold is not None})
