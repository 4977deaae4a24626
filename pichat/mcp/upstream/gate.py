"""Who starts when many want to at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Gate:
    """So many at a time, whom nobody waits for; one that is slow makes room after `longest_s`."""

    def __init__(self, at_once: int, longest_s: float = 5.0) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._longest_s = longest_s

    @asynccontextmanager
    async def turn(self, hurry: asyncio.Event | None = None) -> AsyncIterator[None]:
        """`hurry`: once it is set, this one waits for nobody."""
        if not await self._admitted(hurry):
            yield
            return
        released = False

        def release() -> None:
            nonlocal released
            if not released:
                released = True
                self._free.release()

        timer = asyncio.get_running_loop().call_later(self._longest_s, release)
        try:
            yield
        finally:
            timer.cancel()
            release()

    async def _admitted(self, hurry: asyncio.Event | None) -> bool:
        """Whether a place was taken, which has to be given back."""
        if hurry is None:
            return await self._free.acquire()
        if hurry.is_set():
            return False
        turn = asyncio.ensure_future(self._free.acquire())
        hurried = asyncio.ensure_future(hurry.wait())
        try:
            await asyncio.wait((turn, hurried), return_when=asyncio.FIRST_COMPLETED)
        except BaseException:
            if turn.done():
                self._free.release()
            raise
        finally:
            hurried.cancel()
            if not turn.done():
                turn.cancel()
        return turn.done() and not turn.cancelled()
