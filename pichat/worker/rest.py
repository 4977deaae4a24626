"""How long a model that keeps failing is left alone."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

FIRST_S = 1.0
LONGEST_S = 60.0


class Rest:
    """The first failure is forgiven; from the second in a row on the pauses double."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._until = 0.0
        self.failures = 0

    def failed(self) -> float:
        """Count a failure. The seconds of the rest that begins now."""
        self.failures += 1
        pause_s = 0.0 if self.failures == 1 else FIRST_S * 2.0 ** min(self.failures - 2, 30)
        pause_s = min(pause_s, LONGEST_S)
        self._until = self._clock() + pause_s
        return pause_s

    def succeeded(self) -> None:
        self.failures = 0
        self._until = 0.0

    @property
    def left_s(self) -> float:
        """0 when it may be tried."""
        return max(0.0, self._until - self._clock())
