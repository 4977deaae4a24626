"""openWakeWord: its models from pyopen-wakeword's wheel, and an owner's own.

Several words share the features, which are nearly all of the work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from pichat.config.types import WakeWord as WantedWord
from pichat.errors import ConfigError
from pichat.wake.arming import Arming
from pichat.wake.base import Wake
from pichat.wake.features import EMBEDDING_SIZE, STEP_S, Features
from pichat.wake.highest import Highest
from pichat.wake.models import choose, open_words
from pichat.wake.tflite import Network

ENGINE = "openwakeword"
THRESHOLD = 0.5
_MOST_EMBEDDINGS = 100  # 8 s; a model that wants more is not meant for words


class OpenWord:
    """The network of one word. Raises ConfigError when the file is no openWakeWord model."""

    def __init__(self, file: Path) -> None:
        self._network = Network(file)
        shape, output = self._network.input.shape, self._network.output
        self.count = shape[1] if len(shape) == 3 else 0  # of embeddings
        fits = shape == (1, self.count, EMBEDDING_SIZE) and 0 < self.count <= _MOST_EMBEDDINGS
        if not fits or np.prod(output.shape) != 1 or output.type is None:
            self.close()
            raise ConfigError(
                f"{file.name} is not an openWakeWord model: it takes {shape}, not"
                f" (1, number, {EMBEDDING_SIZE})."
            )

    def score(self, features: Features, ago: int = 0) -> float:
        """The likelihood, 0 to 1, that the word ended with the last embedding, or `ago` before."""
        last = len(features.embeddings) - ago
        embeddings = islice(features.embeddings, max(0, last - self.count), last)
        return self._network.score(np.stack(list(embeddings)))

    def close(self) -> None:
        self._network.close()


def load_open(files: Mapping[str, Path]) -> dict[str, OpenWord]:
    """The networks of all words, or none: ConfigError holds every file that is no model."""
    words, problems = {}, []
    for word, file in files.items():
        try:
            words[word] = OpenWord(file)
        except ConfigError as error:
            problems.append(error.sentence)
    if problems:
        raise ConfigError("\n".join(problems))
    return words


class OpenWakeWords:
    """Implements WakeWords. New scores come every 80 ms.

    `files`: each word's model, by the word as it is told; `thresholds`: those that are not
    THRESHOLD.
    """

    def __init__(self, files: Mapping[str, Path], thresholds: Mapping[str, float]) -> None:
        self._words = load_open(files)
        self._features = Features(max(word.count for word in self._words.values()))
        self._armings = {word: Arming(thresholds.get(word, THRESHOLD)) for word in files}
        self._highest = Highest()

    def process(self, pcm: bytes) -> Wake | None:
        """See WakeWords."""
        told: Wake | None = None
        for _ in self._features.feed(pcm):
            told = self._judge() or told
        return told

    def be_strict(self, strict: bool) -> None:
        """See WakeWords: two scores in a row have to be over the threshold."""
        for arming in self._armings.values():
            arming.strict = strict

    def scores(self) -> dict[str, dict[str, float]]:
        """See WakeWords."""
        return {ENGINE: self._highest.take()}

    def close(self) -> None:
        """See WakeWords."""
        self._features.close()
        for word in self._words.values():
            word.close()

    def _judge(self) -> Wake | None:
        told: dict[str, float] = {}
        for name, word in self._words.items():
            score = word.score(self._features)
            self._highest.note(name, score)
            if self._armings[name].take(score, STEP_S):
                told[name] = score
        if not told:
            return None
        for arming in self._armings.values():
            arming.disarm()
        self._features.look_back(b"")  # else the word is told again while it is in the 2 s
        likeliest = max(told, key=told.__getitem__)
        return Wake(likeliest, {ENGINE: told[likeliest]})


def create(words: Sequence[WantedWord], folder: Path | None) -> OpenWakeWords:
    """See load_wake_words."""
    known = open_words(folder)
    files = {each.word: choose(each.word, known, "openWakeWord") for each in words}
    return OpenWakeWords(files, {w.word: w.threshold for w in words if w.threshold is not None})
