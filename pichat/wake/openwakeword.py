"""openWakeWord through pyopen-wakeword, whose wheel carries the models."""

from __future__ import annotations

import difflib

from pyopen_wakeword import Model, OpenWakeWord, OpenWakeWordFeatures

from pichat.errors import ConfigError

WORDS: tuple[str, ...] = tuple(model.value for model in Model)


class OpenWakeWordDetector:
    """Implements WakeWord. A new score comes every 80 ms.

    It is never reset: its features fill eight seconds with silence after a reset, and computing
    on them costs more than hearing on.
    """

    def __init__(self, model: Model) -> None:
        self._features = OpenWakeWordFeatures.from_builtin()
        self._word = OpenWakeWord.from_builtin(model)
        self._score = 0.0
        self.process(bytes(640))  # the eight seconds, while nobody waits

    def process(self, pcm: bytes) -> float:
        """See WakeWord."""
        scores = [
            score
            for features in self._features.process_streaming(pcm)
            for score in self._word.process_streaming(features)
        ]
        if scores:
            self._score = float(max(scores))
        return self._score

    def close(self) -> None:
        """See WakeWord."""
        self._word.close()
        self._features.close()


def create(word: str) -> OpenWakeWordDetector:
    """The detector of `word`, written with spaces or underscores. Raises ConfigError."""
    name = word.strip().lower().replace(" ", "_").replace("-", "_")
    if name not in WORDS:
        close = difflib.get_close_matches(name, WORDS, n=1, cutoff=0.4)
        hint = f" Did you mean “{close[0]}”?" if close else f" It knows {', '.join(WORDS)}."
        raise ConfigError(f"openWakeWord has no wake word “{word}”.{hint}")
    return OpenWakeWordDetector(Model(name))
