"""Start parts in order, stop them in reverse, each with a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager, AbstractContextManager, AsyncExitStack
from typing import Any, Self, TypeVar

import structlog

log = structlog.get_logger(__name__)
T = TypeVar("T")


class Steps:
    """An AsyncExitStack whose exits cannot hang or keep later ones from running."""

    def __init__(self, stop_deadline_s: float) -> None:
        self._deadline_s = stop_deadline_s
        self._stack = AsyncExitStack()
        self.failed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Resolves with the name of an essential task that ended by itself."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Leave everything that was started, the last first."""
        await self._stack.aclose()

    def hold(self, part: AbstractContextManager[T]) -> T:
        """Enter `part`, whose leaving cannot hang."""
        return self._stack.enter_context(part)

    async def start(self, name: str, part: AbstractAsyncContextManager[T]) -> T:
        """Enter `part`; it is left when the steps end, within the deadline."""
        value = await part.__aenter__()

        async def leave() -> None:
            try:
                async with asyncio.timeout(self._deadline_s):
                    await part.__aexit__(None, None, None)
            except TimeoutError:
                log.warning("stop took too long", part=name, deadline_s=self._deadline_s)
            except Exception:  # the stopping of one part must not keep the others from stopping
                log.exception("stop failed", part=name)

        self._stack.push_async_callback(leave)
        return value

    def run(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Run essential `work` until the steps end; when it ends by itself, `failed` is set."""
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._ended)

        async def stop() -> None:
            task.cancel()
            _, late = await asyncio.wait([task], timeout=self._deadline_s)
            if late:
                log.warning("stop took too long", part=name, deadline_s=self._deadline_s)

        self._stack.push_async_callback(stop)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        log.error("essential task ended", task=task.get_name(), exc_info=task.exception())
        if not self.failed.done():
            self.failed.set_result(task.get_name())
