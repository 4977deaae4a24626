"""Switches of tools elsewhere, as they are kept."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from pichat.store.db import Database, Statement

_FORGET = "DELETE FROM mcp_switches WHERE whose = ? AND pattern = ?"
_ADD = "INSERT INTO mcp_switches (whose, pattern, is_on) VALUES (?, ?, ?)"


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """`whose`: "" for everybody, else such as `profile:NAME`. `pattern`: of names of tools."""

    whose: str
    pattern: str
    is_on: bool


class SwitchTable:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> tuple[Switch, ...]:
        """In the order in which they were set."""
        rows = await self._database.read(
            "SELECT whose, pattern, is_on FROM mcp_switches ORDER BY number"
        )
        return tuple(Switch(whose=w, pattern=p, is_on=bool(is_on)) for w, p, is_on in rows)

    async def save(self, set_now: Sequence[Switch], forgotten: Sequence[Switch]) -> None:
        """Those, behind all others, without the ones that no longer say anything. Raises
        UnavailableError."""
        statements: list[Statement] = [
            (_FORGET, (each.whose, each.pattern)) for each in (*forgotten, *set_now)
        ]
        statements += [(_ADD, (each.whose, each.pattern, int(each.is_on))) for each in set_now]
        await self._database.write_together(statements)
