"""One line for every call of a tool elsewhere, written behind the caller's back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import structlog

from pichat.errors import UnavailableError
from pichat.store.behind import WriteBehind
from pichat.store.db import Database

log = structlog.get_logger(__name__)

KEPT_S = 30 * 24 * 3600.0
MOST_LINES = 100_000
_PRUNED_EVERY_S = 3600.0
_ADD = (
    "INSERT INTO mcp_calls"
    " (at_s, turn_id, source, user_id, client_id, token_id, alias, outcome, duration_ms)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_NEWEST = (
    "SELECT at_s, turn_id, source, user_id, client_id, token_id, alias, outcome, duration_ms"
    " FROM mcp_calls WHERE alias GLOB ? AND at_s < ? ORDER BY id DESC LIMIT ?"
)
_TOO_OLD = "DELETE FROM mcp_calls WHERE at_s < ?"
_TOO_MANY = (
    "DELETE FROM mcp_calls WHERE id <= (SELECT id FROM mcp_calls ORDER BY id DESC LIMIT 1 OFFSET ?)"
)


class CallLine(msgspec.Struct, frozen=True, kw_only=True):
    """Who called what, when, and how it ended. `at_s`: since the epoch. `outcome`: `ok`, `failed`
    when the tool said so, or an error's code. `client_id` and `token_id` are "" for a voice."""

    at_s: float
    turn_id: str
    source: str
    user_id: str
    client_id: str
    token_id: str
    alias: str
    outcome: str
    duration_ms: float


class McpCalls:
    """Lines of the last 30 days, at most 100,000; see `open_calls`."""

    def __init__(self, database: Database, again_s: float = 2.0) -> None:
        self._database = database
        self._behind = WriteBehind(database, _tell, again_s)

    def add(self, line: CallLine) -> None:
        """Raises BusyError when the disk is far behind."""
        self._behind.later([(_ADD, msgspec.structs.astuple(line))])

    async def newest(
        self, most: int, alias: str | None = None, before_s: float | None = None
    ) -> tuple[CallLine, ...]:
        """The newest first. `alias`: a pattern such as `web__*`. `before_s`: those from before."""
        rows = await self._database.read(
            _NEWEST, (alias or "*", float("inf") if before_s is None else before_s, most)
        )
        fields = CallLine.__struct_fields__
        return tuple(CallLine(**dict(zip(fields, row, strict=True))) for row in rows)

    async def flushed(self) -> None:
        """Every line so far is on the disk. Raises UnavailableError."""
        await self._behind.flushed()

    async def prune(self, most: int = MOST_LINES) -> None:
        """Let what is too old go, and what is more than `most`. Raises UnavailableError."""
        await self._database.write_together(
            [(_TOO_OLD, (time.time() - KEPT_S,)), (_TOO_MANY, (most,))]
        )

    async def write(self) -> None:
        """Write for ever."""
        await self._behind.serve()

    async def tidy(self) -> None:
        """Prune for ever."""
        while True:
            try:
                await self.prune()
            except UnavailableError as error:
                log.warning("calls of tools elsewhere not pruned", reason=error.sentence)
            await asyncio.sleep(_PRUNED_EVERY_S)


@asynccontextmanager
async def open_calls(database: Database) -> AsyncIterator[McpCalls]:
    """All lines are on the disk when the context ends, unless the disk takes none."""
    calls = McpCalls(database)
    tasks = [
        asyncio.create_task(calls.write(), name="mcp calls"),
        asyncio.create_task(calls.tidy(), name="mcp calls tidied"),
    ]
    try:
        yield calls
        try:
            await calls.flushed()
        except UnavailableError as error:
            log.warning("calls of tools elsewhere not written", reason=error.sentence)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _tell(reason: str | None) -> None:
    if reason is not None:
        log.warning("calls of tools elsewhere not written", reason=reason)
