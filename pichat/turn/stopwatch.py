"""Milliseconds of each stage of one turn."""

from __future__ import annotations

import time


class Stopwatch:
    """Runs from its making on."""

    def __init__(self) -> None:
        self._start_s = self._last_s = time.monotonic()
        self.timings_ms: dict[str, float] = {}

    def mark(self, stage: str) -> float:
        """Note the time since the previous mark as `stage`, and return it."""
        now_s = time.monotonic()
        self.timings_ms[stage] = round((now_s - self._last_s) * 1000, 3)
        self.timings_ms["total"] = round((now_s - self._start_s) * 1000, 3)
        self._last_s = now_s
        return self.timings_ms[stage]

    def first(self, what: str) -> None:
        """Note the time since the start as `what`, at its first time."""
        elapsed_ms = round((time.monotonic() - self._start_s) * 1000, 3)
        self.timings_ms.setdefault(what, elapsed_ms)
