"""A value that moves over time: brightness, colour, a blind."""

from __future__ import annotations

from collections.abc import Callable

from pichat.simulator.node.cluster import Host

STEP_S = 0.1


class Ramp:
    """Moves a number from where it is to a target in even steps; a new move replaces the old."""

    def __init__(self, host: Host, put: Callable[[float], None]) -> None:
        self._host = host
        self._put = put
        self._cancel: Callable[[], None] | None = None
        self._done: Callable[[], None] | None = None

    @property
    def moving(self) -> bool:
        return self._cancel is not None

    def stop(self) -> None:
        if self._cancel is not None:
            self._cancel()
        self._cancel = self._done = None

    def move(
        self, start: float, target: float, duration_s: float, done: Callable[[], None] | None = None
    ) -> None:
        """`done` is called when the target is reached, not when the move is replaced."""
        self.stop()
        self._done = done
        self._start, self._target = start, target
        self._began, self._duration_s = self._host.now(), duration_s
        self._step()

    def _step(self) -> None:
        self._cancel = None
        passed = self._host.now() - self._began
        left = self._duration_s - passed
        if left <= 0:
            self._put(self._target)
            done, self._done = self._done, None
            if done is not None:
                done()
            return
        share = passed / self._duration_s
        self._put(self._start + (self._target - self._start) * share)
        self._cancel = self._host.later(min(STEP_S, left), self._step)
