"""Work that needs the stick for itself, done between two lives of the radio."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from pichat.errors import PiChatError, UnavailableError

T = TypeVar("T")
_Job = tuple[Callable[[], Awaitable[Any]], "asyncio.Future[Any]"]


class Between:
    """`disturb` is called when something is asked, so that nobody waits for a pause to end."""

    def __init__(self, disturb: Callable[[], None]) -> None:
        self._disturb = disturb
        self._jobs: deque[_Job] = deque()
        self._asked = asyncio.Event()
        self.possible = False  # somebody does what is asked

    async def ask(self, work: Callable[[], Awaitable[T]]) -> T:
        """What `work` returns or raises. It goes on when who asked is cancelled: half a network on
        a stick is none. Raises UnavailableError when there is no radio to live between."""
        if not self.possible:
            raise UnavailableError("Zigbee is switched off, or PiChat is just starting.")
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.append((work, done))
        self._asked.set()
        self._disturb()
        return await done

    async def until_asked(self) -> None:
        await self._asked.wait()

    def waiting(self) -> bool:
        return bool(self._jobs)

    async def do(self) -> None:
        """All that was asked, in that order."""
        self._asked.clear()
        while self._jobs:
            work, done = self._jobs.popleft()
            try:
                result = await work()
            except PiChatError as error:
                if not done.done():
                    done.set_exception(error)
            except BaseException:
                if not done.done():
                    done.set_exception(UnavailableError("The work on the Zigbee stick failed."))
                raise
            else:
                if not done.done():
                    done.set_result(result)

    def end(self) -> None:
        """Nothing is done any more; those who wait are told."""
        self.possible = False
        while self._jobs:
            _, done = self._jobs.popleft()
            if not done.done():
                done.set_exception(UnavailableError("PiChat is stopping."))
