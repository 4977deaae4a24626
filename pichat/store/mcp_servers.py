"""Servers of tools that the owner added while PiChat ran, and whose tools are preferred."""

from __future__ import annotations

from typing import Literal

import msgspec

from pichat.store.db import Database

SaidBy = Literal["model", "owner"]


class KeptServer(msgspec.Struct, frozen=True, kw_only=True):
    """`settings`: JSON without secrets, that only whoever wrote it reads; None for a server of
    config.yaml, which is only switched."""

    name: str
    settings: str | None
    enabled: bool


class Preference(msgspec.Struct, frozen=True, kw_only=True):
    """Of tools that do the same, by their aliases, sorted: which one is `preferred`."""

    tools: tuple[str, ...]
    preferred: str
    said_by: SaidBy


class McpServerTable:
    """Its writers raise UnavailableError when the disk does not take it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self) -> tuple[KeptServer, ...]:
        """Those that were added first come first."""
        rows = await self._database.read(
            "SELECT name, settings, enabled FROM mcp_servers ORDER BY rowid"
        )
        return tuple(
            KeptServer(name=name, settings=settings, enabled=bool(enabled))
            for name, settings, enabled in rows
        )

    async def save(self, server: KeptServer) -> None:
        await self._database.write(
            "INSERT INTO mcp_servers (name, settings, enabled) VALUES (?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET settings = excluded.settings,"
            " enabled = excluded.enabled",
            (server.name, server.settings, int(server.enabled)),
        )

    async def delete(self, name: str) -> None:
        await self._database.write("DELETE FROM mcp_servers WHERE name = ?", (name,))

    async def preferences(self) -> tuple[Preference, ...]:
        rows = await self._database.read("SELECT tools, preferred, said_by FROM mcp_alike")
        return tuple(
            Preference(
                tools=msgspec.json.decode(tools, type=tuple[str, ...]),
                preferred=preferred,
                said_by=said_by,
            )
            for tools, preferred, said_by in rows
        )

    async def prefer(self, preference: Preference) -> None:
        await self._database.write(
            "INSERT INTO mcp_alike (tools, preferred, said_by) VALUES (?, ?, ?)"
            " ON CONFLICT (tools) DO UPDATE SET preferred = excluded.preferred,"
            " said_by = excluded.said_by",
            (
                msgspec.json.encode(preference.tools).decode(),
                preference.preferred,
                preference.said_by,
            ),
        )
