"""Background work with an owner."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Self

import structlog

log = structlog.get_logger(__name__)

_PATIENCE_S = 1.0
"""A cancellation can be lost in a library whose thread ends in the same moment."""


class Tasks:
    """Tasks that end with their owner: leaving the context cancels and awaits them, and what is
    spawned afterwards does not begin. One that fails is logged and costs the others nothing."""

    def __init__(self) -> None:
        self._over = False
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        if self._over:
            work.close()
            return
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("background work failed", task=task.get_name(), exc_info=error)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._over = True
        pending = set(self._tasks)
        while pending:
            for task in pending:
                task.cancel()
            _done, pending = await asyncio.wait(pending, timeout=_PATIENCE_S)
            for task in pending:
                log.warning("background work does not end, and is cancelled again", task=str(task))
