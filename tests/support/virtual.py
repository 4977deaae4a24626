"""An event loop whose time jumps to the next timer instead of passing: hours of waiting take as
long as the work in them, and the same program does the same at the same times."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_PATIENCE_S = 2.0  # of real time, for real I/O when nothing else is scheduled


class NothingHappensError(RuntimeError):
    """Every task waits for another one: in real time this would hang for ever."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """`time()` begins at 0. Real I/O that is ready is served before time goes on, and waited for
    when nothing is scheduled. What is given to a thread (`asyncio.to_thread`) runs at once, here,
    and takes no time, so it must not wait for the loop."""

    def __init__(self) -> None:
        self._now_s = 0.0
        super().__init__(_JumpingSelector(self.advance))

    def time(self) -> float:
        return self._now_s

    def advance(self, seconds: float) -> None:
        """Let so much time pass."""
        self._now_s += seconds

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """Run it now. The future is done."""
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 (it is the awaiting task's affair)
            future.set_exception(error)
        return future


class _JumpingSelector(selectors.DefaultSelector):
    """Instead of waiting it lets virtual time pass."""

    def __init__(self, advance: Callable[[float], None]) -> None:
        super().__init__()
        self._advance = advance

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(_PATIENCE_S if timeout is None else 0)
        if not ready and timeout is None:
            raise NothingHappensError("Nothing is scheduled, and nothing can happen any more.")
        if not ready and timeout is not None:
            self._advance(timeout)
        return ready


def run_virtual(work: Coroutine[Any, Any, T]) -> T:
    """Run it on a loop of its own, in virtual time. Raises NothingHappensError instead of hanging,
    and what the work raised."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(work)
