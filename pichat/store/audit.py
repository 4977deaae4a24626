"""One line for every tool call: who asked for what, and what became of it."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar

import msgspec
import structlog

from pichat.errors import BusyError, CancelledByUserError, PiChatError, UnavailableError
from pichat.events import Source, ToolCall
from pichat.store.db import Database, Parameters

log = structlog.get_logger(__name__)
_INSERT = (
    "INSERT INTO audit (at_s, turn_id, source, tool, arguments, outcome, confirmed_by)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_WAITING = 1000


L = TypeVar("L", bound="Line")


class Line:
    """How a call ended: `internal` unless it ends in a way that is known."""

    outcome: str = PiChatError.code


@contextmanager
def on_record(line: L, write: Callable[[L], None]) -> Iterator[L]:
    """Whatever happens in the context, the line is written when it ends: with what the context set,
    with the code of an expected failure, or as cancelled."""
    try:
        yield line
    except PiChatError as error:
        line.outcome = error.code
        raise
    except asyncio.CancelledError:
        line.outcome = CancelledByUserError.code
        raise
    finally:
        write(line)


class Audit:
    """Lines are written behind the caller's back, in order: a light need not wait for the disk."""

    def __init__(self) -> None:
        # Bounded by `admit`, before anything is done: what was done must not lose its line.
        self._lines: asyncio.Queue[Parameters] = asyncio.Queue()

    def admit(self) -> None:
        """Ask before a call is carried out. Raises BusyError when the disk is far behind."""
        if self._lines.qsize() >= _WAITING:
            raise BusyError("The disk is too slow to keep the record of what was done.")

    def add(
        self,
        turn_id: str,
        source: Source,
        call: ToolCall,
        outcome: str,
        confirmed_by: Source | None = None,
    ) -> None:
        """The line of a call that was admitted. `outcome` is "ok", an error's code, or of a call
        that needs a yes: "asked", "declined", "expired". `confirmed_by`: who gave the answer."""
        arguments = msgspec.json.encode(call.arguments).decode()
        line = (time.time(), turn_id, source, call.name, arguments, outcome, confirmed_by)
        self._lines.put_nowait(line)

    async def write(self, database: Database, again_s: float) -> None:
        """Write lines for ever, as many at once as are waiting. What the disk does not take is
        tried again after `again_s`."""
        while True:
            lines = [await self._lines.get()]
            while not self._lines.empty():
                lines.append(self._lines.get_nowait())
            await _write_down(database, lines, again_s)
            for _ in lines:
                self._lines.task_done()

    async def flushed(self) -> None:
        """Wait until every line so far is on the disk."""
        await self._lines.join()


async def _write_down(database: Database, lines: list[Parameters], again_s: float) -> None:
    while True:
        try:
            await database.write_many(_INSERT, lines)
        except (sqlite3.Error, UnavailableError) as error:
            log.warning("audit not written", lines=len(lines), reason=str(error))
        else:
            return
        await asyncio.sleep(again_s)


@asynccontextmanager
async def open_audit(database: Database, again_s: float = 2.0) -> AsyncIterator[Audit]:
    """An audit whose lines are all written when the context ends."""
    audit = Audit()
    writer = asyncio.create_task(audit.write(database, again_s), name="audit")
    try:
        yield audit
        await audit.flushed()
    finally:
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)
