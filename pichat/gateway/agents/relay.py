"""Progress that is told without waiting, handed on to a client that may be slow."""

import asyncio
from typing import Self

from pichat.mcp.server.base import Progress


class Relay:
    """`async with` it while there may be progress: what the client was too slow for is replaced by
    what is newer."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._newest: tuple[float, float | None, str] | None = None
        self._some = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def tell(self, done: float, total: float | None, message: str) -> None:
        self._newest = (done, total, message)
        self._some.set()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._hand_on(), name="mcp progress")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _hand_on(self) -> None:
        while True:
            await self._some.wait()
            self._some.clear()
            newest, self._newest = self._newest, None
            if newest is not None:
                await self._progress(*newest)
