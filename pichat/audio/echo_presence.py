"""Is there an echo at all? Headphones have none, nor a microphone that cancels echoes itself."""

from __future__ import annotations

_WINDOW = 20  # pieces of 10 ms: longer than an echo is late
_PLAYED_LEVEL = 30.0**2  # mean square; below it nothing was played that could be heard
_NO_ECHO = 10 ** (-33 / 10)  # power that comes back, of what was played
_SURE_WITHOUT = 3  # windows in a row
_SURE_WITH = 5  # longer than it takes to call or to stop PiChat, who may speak into its own voice


class EchoPresence:
    """Compares what was played with what was heard, window by window.

    A canceller that looks for an echo where there is none takes the voice of whoever speaks into
    an answer for it. Until it is known there is an echo.
    """

    def __init__(self) -> None:
        self._pieces = 0
        self._played = self._heard = 0.0
        self._without = self._with = 0
        self.present = True

    def note(self, played: float, heard: float) -> bool:
        """The mean squares of the next 10 ms; whether there is an echo."""
        self._pieces += 1
        self._played += played
        self._heard += heard
        if self._pieces == _WINDOW:
            if self._played > _PLAYED_LEVEL * _WINDOW:
                self._judge(without=self._heard < self._played * _NO_ECHO)
            self._pieces, self._played, self._heard = 0, 0.0, 0.0
        return self.present

    def _judge(self, *, without: bool) -> None:
        self._without = self._without + 1 if without else 0
        self._with = 0 if without else self._with + 1
        if self._without >= _SURE_WITHOUT:
            self.present = False
        elif self._with >= _SURE_WITH:
            self.present = True
