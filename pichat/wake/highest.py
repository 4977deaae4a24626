"""The highest score of each word between two looks."""

from __future__ import annotations


class Highest:
    """Written by an engine as it scores, read for the live meter; both on the engine's thread."""

    def __init__(self) -> None:
        self._scores: dict[str, float] = {}

    def note(self, word: str, score: float) -> None:
        self._scores[word] = max(score, self._scores.get(word, 0.0))

    def take(self) -> dict[str, float]:
        """The highest score of each word that was scored since the last call."""
        scores, self._scores = self._scores, {}
        return scores
