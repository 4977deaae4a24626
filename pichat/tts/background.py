"""A thread for work that computes for seconds, and may hang, beside the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")
_NICE = 5
_IDLE_S = 10.0

_Job = tuple[Callable[[], Any], "asyncio.Future[Any]", asyncio.AbstractEventLoop]


class Background:
    """Runs one piece of work after the other, on a thread that yields to the rest of PiChat and
    ends when there is nothing to do for ten seconds.

    The thread is a daemon: work that hangs cannot keep the process from ending, and what comes
    after it gets a thread of its own. Few jobs wait: whoever puts one waits for it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: queue.SimpleQueue[_Job] | None = None

    async def run(self, work: Callable[[], T], deadline_s: float) -> T:
        """What `work` returns or raises. Raises TimeoutError after `deadline_s`, waiting included.
        Whoever stops waiting leaves the work to its end."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        with self._lock:
            if self._jobs is None:
                self._jobs = queue.SimpleQueue()
                threading.Thread(
                    target=self._work, args=(self._jobs,), name="speaking", daemon=True
                ).start()
            jobs = self._jobs
            jobs.put((work, done, loop))
        try:
            async with asyncio.timeout(deadline_s):
                return await done
        except TimeoutError:
            with self._lock:
                if self._jobs is jobs:
                    self._jobs = None
            raise

    def _work(self, jobs: queue.SimpleQueue[_Job]) -> None:
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
        while (job := self._next(jobs)) is not None:
            work, done, loop = job
            if done.cancelled():
                continue
            try:
                outcome: Any = work()
                settle = done.set_result
            except BaseException as error:  # noqa: BLE001 (raised again by `run`)
                outcome = error
                settle = done.set_exception
            with contextlib.suppress(RuntimeError):  # the loop is gone
                loop.call_soon_threadsafe(_settle, done, settle, outcome)

    def _next(self, jobs: queue.SimpleQueue[_Job]) -> _Job | None:
        try:
            return jobs.get(timeout=_IDLE_S)
        except queue.Empty:
            pass
        with self._lock:
            # What was put meanwhile must not be forgotten.
            if not jobs.empty():
                return jobs.get()
            if self._jobs is jobs:
                self._jobs = None
            return None


def _settle(done: asyncio.Future[Any], settle: Callable[[Any], None], outcome: Any) -> None:
    if not done.done():
        settle(outcome)
