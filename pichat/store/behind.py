"""Writing behind the caller's back: in order, as much at once as is waiting, and for ever."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import structlog

from pichat.errors import BusyError, UnavailableError
from pichat.store.db import Database, Statement

log = structlog.get_logger(__name__)

_WAITING = 1000
_AT_ONCE = 200
# What SQLite never takes: values that it has no form for are found out only when they are bound.
_NEVER = (sqlite3.Error, ValueError, OverflowError)


@dataclass(slots=True, eq=False)
class _Entry:
    """Statements that are written together. `done` is there when somebody waits for it."""

    statements: tuple[Statement, ...]
    about: Any
    done: asyncio.Future[None] | None


class WriteBehind:
    """`tell` hears why the disk takes nothing, and then None when it does again. What nobody waits
    for is tried again after `again_s`, or when more comes, and is at most 1000 entries; what
    somebody waits for is tried once, and its caller is told."""

    def __init__(
        self, database: Database, tell: Callable[[str | None], None], again_s: float = 2.0
    ) -> None:
        self._database = database
        self._tell = tell
        self._again_s = again_s
        self._entries: deque[_Entry] = deque()
        self._more = asyncio.Event()

    def later(self, statements: Iterable[Statement], about: Any = None) -> None:
        """Raises BusyError when too much is waiting; then nothing is written."""
        if len(self._entries) >= _WAITING:
            raise BusyError("The disk is too slow to keep what is said.")
        self._append(_Entry(tuple(statements), about, None))

    async def now(self, statements: Iterable[Statement], about: Any = None) -> None:
        """On the disk, with everything that came before, when this returns. Raises
        UnavailableError when the disk does not take it."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._append(_Entry(tuple(statements), about, done))
        await done

    async def flushed(self) -> None:
        """Wait until everything so far is on the disk. Raises as `now`."""
        if self._entries:
            await self.now(())

    def waiting(self) -> Iterator[Any]:
        """What the entries that are not on the disk yet are about."""
        return (entry.about for entry in tuple(self._entries))

    async def serve(self) -> None:
        """Write until it is cancelled."""
        while True:
            await self._more.wait()
            self._more.clear()
            while self._entries:
                if await self._write(list(self._entries)[:_AT_ONCE]):
                    continue
                try:
                    async with asyncio.timeout(self._again_s):
                        await self._more.wait()
                except TimeoutError:
                    pass
                self._more.clear()

    def _append(self, entry: _Entry) -> None:
        self._entries.append(entry)
        self._more.set()

    async def _write(self, batch: list[_Entry]) -> bool:
        """Whether the disk takes anything now."""
        try:
            await self._database.write_together(s for entry in batch for s in entry.statements)
        except UnavailableError as error:
            self._tell(error.sentence)
            self._give_up_waiting(batch, error)
            return False
        except _NEVER:
            for entry in batch:
                await self._write_alone(entry)
        else:
            for entry in batch:
                self._settle(entry, None)
        self._tell(None)
        return True

    async def _write_alone(self, entry: _Entry) -> None:
        """One of a batch cannot be written, whenever: it must not keep the others from it."""
        try:
            await self._database.write_together(entry.statements)
        except UnavailableError as error:
            if entry.done is not None:
                self._settle(entry, error)
        except _NEVER as error:
            log.exception("cannot be written", statements=len(entry.statements))
            self._settle(entry, error)
        else:
            self._settle(entry, None)

    def _give_up_waiting(self, batch: list[_Entry], error: Exception) -> None:
        for entry in batch:
            if entry.done is not None:
                self._settle(entry, error)

    def _settle(self, entry: _Entry, error: Exception | None) -> None:
        self._entries.remove(entry)
        if entry.done is None or entry.done.done():
            return
        if error is None:
            entry.done.set_result(None)
        else:
            entry.done.set_exception(error)
