"""When a row of scores is a wake word: thresholds, strictness, and once per utterance."""

from __future__ import annotations

_AGAIN_BELOW = 0.5  # of the threshold: the word is over
_REST_S = 0.5  # shorter than any word takes to be said again


class Arming:
    """Judges one word's scores, in order.

    A score over the threshold is the word; `strict` wants two in a row. Then the scores have to
    have been low, and some time has to pass, before the word can be told again.
    """

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold
        self.strict = False
        self._over = 0
        self._rest_s = 0.0
        self._low = True

    def take(self, score: float, seconds: float) -> bool:
        """Whether the word is told now. `seconds`: how much sound is new since the last score."""
        self._rest_s -= seconds
        self._low = self._low or score < self.threshold * _AGAIN_BELOW
        self._over = self._over + 1 if score >= self.threshold else 0
        if self._over < (2 if self.strict else 1) or not self._low or self._rest_s > 0:
            return False
        self.disarm()
        return True

    def disarm(self) -> None:
        """This word, or another, was told just now."""
        self._over = 0
        self._rest_s = _REST_S
        self._low = False
