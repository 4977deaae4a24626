"""Who may answer when several hear the same wake word: the first."""

from __future__ import annotations

_SAME_WORD_S = 1.5  # sound servers, networks and detectors differ by less than this


class Floor:
    """One for all stations of the house."""

    def __init__(self) -> None:
        self._holder = ""
        self._since_s = 0.0

    def claim(self, station: str, at_s: float) -> bool:
        """`station` heard a wake word at `at_s` of the event loop's time. False: another one heard
        it first, and this one stands down."""
        taken = self._holder not in ("", station) and at_s - self._since_s < _SAME_WORD_S
        if not taken:
            self._holder, self._since_s = station, at_s
        return not taken
