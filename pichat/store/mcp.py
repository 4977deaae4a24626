"""Servers of tools elsewhere: what they told last, and what the owner decided of their tools."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from pichat.store.db import Database, Statement

_KEEP = (
    "INSERT INTO mcp_catalogues (server, catalogue, fetched_s) VALUES (?, ?, ?)"
    " ON CONFLICT (server) DO UPDATE SET catalogue = excluded.catalogue,"
    " fetched_s = excluded.fetched_s"
)
_TOOL = (
    "INSERT INTO mcp_tools (alias, server, name, approved, description) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (alias) DO UPDATE SET approved = excluded.approved,"
    " description = excluded.description"
)
# In one go: words are not found by their alias, so that each time all of them are looked through.
_FORGET = "DELETE FROM mcp_words WHERE alias IN (SELECT value FROM json_each(?))"
_FIND_BY = "INSERT INTO mcp_words (alias, name, description, arguments) VALUES (?, ?, ?, ?)"


class KeptTool(msgspec.Struct, frozen=True, kw_only=True):
    """`approved`: the digest of what the owner agreed to. `description`: the owner's own words."""

    alias: str
    server: str
    name: str
    approved: str | None
    description: str | None = None


class KeptCatalogue(msgspec.Struct, frozen=True, kw_only=True):
    """`catalogue` is JSON that only whoever wrote it reads; `words` are for the search."""

    server: str
    catalogue: bytes
    fetched_s: float


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """By what a tool is found."""

    alias: str
    name: str
    description: str
    arguments: str


class McpTable:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def catalogues(self) -> tuple[KeptCatalogue, ...]:
        rows = await self._database.read("SELECT server, catalogue, fetched_s FROM mcp_catalogues")
        return tuple(
            KeptCatalogue(server=server, catalogue=catalogue, fetched_s=fetched_s)
            for server, catalogue, fetched_s in rows
        )

    async def tools(self) -> tuple[KeptTool, ...]:
        rows = await self._database.read(
            "SELECT alias, server, name, approved, description FROM mcp_tools"
        )
        return tuple(
            KeptTool(alias=alias, server=server, name=name, approved=approved, description=own)
            for alias, server, name, approved, own in rows
        )

    async def save(
        self,
        catalogue: KeptCatalogue,
        tools: Sequence[KeptTool],
        words: Sequence[Words],
        gone: Sequence[str],
    ) -> None:
        """A server's catalogue with the tools that are new in it, and what all of them are found
        by; `gone` are aliases that are not to be found any more. Raises UnavailableError."""
        forgotten = [*gone, *(each.alias for each in words)]
        statements: list[Statement] = [
            (_KEEP, (catalogue.server, catalogue.catalogue, catalogue.fetched_s)),
            *((_TOOL, msgspec.structs.astuple(each)) for each in tools),
            (_FORGET, (msgspec.json.encode(forgotten).decode(),)),
            *((_FIND_BY, msgspec.structs.astuple(each)) for each in words),
        ]
        await self._database.write_together(statements)

    async def forget(self, server: str) -> None:
        """A server's catalogue, and by what its tools are found. Raises UnavailableError."""
        named = (
            "DELETE FROM mcp_words WHERE alias IN (SELECT alias FROM mcp_tools WHERE server = ?)"
        )
        catalogue = "DELETE FROM mcp_catalogues WHERE server = ?"
        await self._database.write_together([(named, (server,)), (catalogue, (server,))])

    async def save_tool(self, tool: KeptTool) -> None:
        """What the owner decided of it. Raises UnavailableError."""
        await self._database.write(
            "UPDATE mcp_tools SET approved = ?, description = ? WHERE alias = ?",
            (tool.approved, tool.description, tool.alias),
        )

    async def find(self, query: str, most: int) -> tuple[str, ...]:
        """Aliases of the tools that fit an FTS5 query best, the best first."""
        rows = await self._database.read(
            "SELECT alias FROM mcp_words WHERE mcp_words MATCH ?"
            " ORDER BY bm25(mcp_words, 0, 4, 2, 1) LIMIT ?",
            (query, most),
        )
        return tuple(alias for (alias,) in rows)
