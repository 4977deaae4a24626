"""Room for large bodies: each is held in memory whole, so that only a few may be there at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from pichat.errors import BusyError

LARGE_BYTES = 1024 * 1024
AT_ONCE = 4
_PATIENCE_S = 10.0


class Room:
    """`at_once`: how many requests may have a large body while they are answered."""

    def __init__(self, at_once: int = AT_ONCE, patience_s: float = _PATIENCE_S) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._patience_s = patience_s

    @asynccontextmanager
    async def of(self, request: web.Request, max_bytes: int) -> AsyncIterator[None]:
        """A place for as long as the context lasts, where the body may be large. Waits for one;
        raises BusyError when none becomes free."""
        size = max_bytes if request.content_length is None else request.content_length
        if not request.can_read_body or size <= LARGE_BYTES:
            yield
            return
        try:
            async with asyncio.timeout(self._patience_s):
                await self._places.acquire()
        except TimeoutError:
            raise BusyError("Several large requests are being answered; try again soon.") from None
        try:
            yield
        finally:
            self._places.release()


ROOM = web.AppKey("room", Room)
