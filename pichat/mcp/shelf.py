"""What servers told, kept: their catalogues, their tools' names, what the owner agreed to."""

from __future__ import annotations

import time
from collections.abc import Iterable

import msgspec
from msgspec import structs

from pichat.errors import NotFoundError
from pichat.mcp.base import Catalogue, RemoteTool
from pichat.mcp.names import Aliases
from pichat.mcp.search import words_of
from pichat.mcp.snapshot import KnownTool
from pichat.store.mcp import KeptCatalogue, KeptTool, McpTable


class Shelf:
    """In memory as on the disk. What cannot be kept now is kept when the server tells again."""

    def __init__(
        self, table: McpTable, catalogues: Iterable[KeptCatalogue], tools: Iterable[KeptTool]
    ) -> None:
        self._table = table
        self._tools = {tool.alias: tool for tool in tools}
        self._aliases = Aliases({(tool.server, tool.name): tool.alias for tool in tools})
        self.catalogues = {
            each.server: msgspec.json.decode(each.catalogue, type=Catalogue) for each in catalogues
        }

        self._known: dict[str, tuple[KnownTool, ...]] = {}  # by server, as far as it was asked for

    @classmethod
    async def load(cls, table: McpTable) -> Shelf:
        return cls(table, await table.catalogues(), await table.tools())

    async def learn(self, server: str, catalogue: Catalogue) -> None:
        """What a server has now. Tools that are new count as agreed to: the owner chose the server.
        Raises UnavailableError when the disk takes nothing; in memory it holds all the same."""
        before = self.catalogues.get(server)
        self.catalogues[server] = catalogue
        given = self._aliases.give(server, (tool.name for tool in catalogue.tools))
        digests = {tool.name: tool.digest for tool in catalogue.tools}
        new = [
            KeptTool(alias=alias, server=server, name=name, approved=digests[name])
            for name, alias in given.items()
        ]
        self._tools.update({each.alias: each for each in new})
        self._known.pop(server, None)
        known = {tool.alias: tool for tool in self.tools_of(server)}
        words = [words_of(each.alias, each.tool, each.description) for each in known.values()]
        had = {self._aliases.of(server, tool.name) for tool in before.tools} if before else set()
        kept = KeptCatalogue(
            server=server, catalogue=msgspec.json.encode(catalogue), fetched_s=time.time()
        )
        gone = [alias for alias in had - known.keys() if alias is not None]
        await self._table.save(kept, new, words, gone)

    async def forget(self, server: str) -> None:
        """What it told is not true any more. Its tools' names stay, so that they are the same if it
        comes back, and so does what the owner agreed to. Raises UnavailableError."""
        self.catalogues.pop(server, None)
        self._known.pop(server, None)
        await self._table.forget(server)

    def tools_of(self, server: str) -> tuple[KnownTool, ...]:
        """Of the server's catalogue, in its order."""
        if server not in self._known:
            catalogue = self.catalogues.get(server)
            tools = catalogue.tools if catalogue else ()
            self._known[server] = tuple(self._as_known(server, tool) for tool in tools)
        return self._known[server]

    def _as_known(self, server: str, tool: RemoteTool) -> KnownTool:
        kept = self._tools[self._aliases.of(server, tool.name) or ""]
        return KnownTool(
            alias=kept.alias,
            server=server,
            tool=tool,
            description=kept.description or tool.description,
            changed=kept.approved != tool.digest,
        )

    async def approve(self, known: KnownTool) -> None:
        """The owner agrees to the tool as it is now. Raises UnavailableError."""
        kept = structs.replace(self._of(known.alias), approved=known.tool.digest)
        await self._table.save_tool(kept)
        self._tools[kept.alias] = kept
        self._known.pop(kept.server, None)

    async def describe(self, alias: str, description: str | None) -> None:
        """The owner's words for it; None: the server's again. Raises NotFoundError and
        UnavailableError."""
        kept = structs.replace(self._of(alias), description=description)
        await self._table.save_tool(kept)
        self._tools[alias] = kept
        self._known.pop(kept.server, None)

    def _of(self, alias: str) -> KeptTool:
        found = self._tools.get(alias)
        if found is None:
            raise NotFoundError(f"There is no tool “{alias[:64]}” of a server elsewhere.")
        return found
