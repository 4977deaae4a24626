"""One request on its way through a worker, and the stream of its answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Literal

import msgspec

from pichat.errors import PiChatError, UnavailableError

BACKLOG = 64
"""Pieces that wait for their reader. When so many do, the child waits."""

Stage = Literal["waiting", "loading", "running"]
_TOO_LATE: dict[Stage, str] = {
    "waiting": "was busy for too long with something else",
    "loading": "is still being loaded",
    "running": "did not answer in time",
}


class _End(msgspec.Struct, frozen=True):
    error: PiChatError | None = None


class Order:
    """Made by the one who asks, inside the event loop; worked off by the worker. `name`: the
    model's.

    `over` is set when nobody wants the rest any more: abandoned, or too late.
    """

    def __init__(self, request: Any, deadline_s: float, name: str) -> None:
        self.request = request
        self.stage: Stage = "waiting"
        self.over = asyncio.Event()
        self.late = False
        self._name = name
        self._queue: asyncio.Queue[Any] = asyncio.Queue(BACKLOG)
        self._timer = asyncio.get_running_loop().call_later(deadline_s, self._expire)

    async def put(self, item: Any) -> None:
        """Hand over a piece. Waits for a slow reader, and not for one that has left."""
        if not self.over.is_set():
            await self._queue.put(item)

    async def end(self, error: PiChatError | None = None) -> None:
        """No piece follows: the answer is complete, or `error` is why not."""
        await self.put(_End(error))

    def abandon(self, error: PiChatError | None = None) -> None:
        """Forget what was not read yet. A reader who is still there gets `error`."""
        self._timer.cancel()
        if self.over.is_set():
            return
        self.over.set()
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(_End(error))

    async def pieces(self) -> AsyncIterator[Any]:
        """Raises the error that the answer ended with."""
        while not isinstance(item := await self._queue.get(), _End):
            yield item
        if item.error is not None:
            raise item.error

    def _expire(self) -> None:
        if not self.over.is_set():
            self.late = True
            self.abandon(UnavailableError(f"The {self._name} {_TOO_LATE[self.stage]}."))
