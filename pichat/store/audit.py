"""One line for every tool call: who asked for what, and what became of it."""

from __future__ import annotations

import time

import msgspec

from pichat.events import Source, ToolCall
from pichat.store.db import Database


class Audit:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, turn_id: str, source: Source, call: ToolCall, outcome: str) -> None:
        """`outcome` is "ok" or an error's code."""
        await self._database.write(
            "INSERT INTO audit (at_s, turn_id, source, tool, arguments, outcome)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                time.time(),
                turn_id,
                source,
                call.name,
                msgspec.json.encode(call.arguments).decode(),
                outcome,
            ),
        )
