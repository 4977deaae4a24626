"""Tools of other programs without any: servers that answer at once. What is kept of them, and all
that decides about them, is the real thing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from pichat.config.types import McpServer, Secret
from pichat.errors import NotFoundError
from pichat.mcp.base import Catalogue, RemoteTool, ServerStatus
from pichat.mcp.discovery import Discovered
from pichat.mcp.own import OwnServers
from pichat.mcp.preferring import Preferring
from pichat.mcp.probe import FoundServer
from pichat.mcp.secrets import SecretFile
from pichat.mcp.servers import Servers
from pichat.mcp.shelf import Shelf
from pichat.mcp.snapshot import NOTHING, KnownTool, Snapshot
from pichat.mcp.switches import Switches
from pichat.store.db import Database
from pichat.store.mcp import McpTable
from pichat.store.mcp_calls import McpCalls, open_calls
from pichat.store.mcp_servers import McpServerTable
from pichat.store.mcp_switches import SwitchTable
from pichat.tools.patterns import permits

KEY = "sk-weather-of-the-owner"
CONFIGURED = {
    "weather": McpServer(
        url="http://127.0.0.1:9/mcp", headers={"Authorization": Secret(f"Bearer {KEY}")}
    ),
    "meteo": McpServer(command=("meteo-server",)),
}


def tool(name: str, description: str, *arguments: str) -> RemoteTool:
    schema = {"type": "object", "properties": {each: {"type": "string"} for each in arguments}}
    return RemoteTool(
        name=name, description=description, schema=msgspec.Raw(msgspec.json.encode(schema))
    )


TOOLS = {
    "weather": (
        tool("get_forecast", "The weather forecast of a city.", "city"),
        tool("get_pollen", "How much pollen flies in a city.", "city"),
    ),
    "meteo": (tool("getForecast", "Gives the weather forecast for a city.", "city"),),
}


class FakeTools:
    """As mcp.aggregator.Aggregator, of servers that are there at once unless `down` names them."""

    def __init__(self, shelf: Shelf, tell: Callable[[Snapshot], None]) -> None:
        self._shelf = shelf
        self.listeners = [tell]
        self._servers: dict[str, McpServer] = {}
        self._instead: Mapping[str, str] = {}
        self.now = NOTHING
        self.down: dict[str, str] = {}
        self.refreshed: list[str] = []

    @property
    def servers(self) -> Mapping[str, McpServer]:
        """As they were set last, keys and all."""
        return self._servers

    def set_servers(self, servers: Mapping[str, McpServer]) -> None:
        self._servers = dict(servers)
        self.rebuild()

    def refresh(self, names: Iterable[str] | None = None) -> None:
        self.refreshed += self._servers if names is None else names
        self.rebuild()

    async def learn(self, server: str, tools: Sequence[RemoteTool]) -> None:
        """It tells that it has these now."""
        await self._shelf.learn(server, Catalogue(era="legacy", tools=tuple(tools)))
        self.rebuild()

    async def approve(self, alias: str) -> KnownTool:
        known = self.now.tools.get(alias)
        if known is None:
            raise NotFoundError(f"There is no tool “{alias}” of a server elsewhere.")
        await self._shelf.approve(known)
        self.rebuild()
        return self.now.tools[alias]

    async def describe(self, alias: str, description: str | None) -> KnownTool:
        await self._shelf.describe(alias, description)
        self.rebuild()
        return self.now.tools[alias]

    def prefer(self, instead: Mapping[str, str]) -> None:
        self._instead = instead
        self.rebuild()

    def rebuild(self) -> None:
        tools = [
            known
            for name, server in self._servers.items()
            for known in self._shelf.tools_of(name)
            if permits(server.tools, known.tool.name)
        ]
        self.now = Snapshot(
            servers=tuple(self._status(name) for name in self._servers),
            tools={each.alias: each for each in tools},
            prompts={},
            resources={},
            instead=self._instead,
        )
        for tell in self.listeners:
            tell(self.now)

    def _status(self, name: str) -> ServerStatus:
        has = self._shelf.catalogues.get(name)
        state: Any = "ready" if self._servers[name].enabled else "off"
        return ServerStatus(
            name=name,
            state="failed" if name in self.down else state,
            reason=self.down.get(name),
            era="legacy",
            tools=len(has.tools) if has else 0,
        )


class FakeDiscovery:
    """Finds one. `asked`: where it was to look."""

    def __init__(self) -> None:
        self.asked: list[tuple[tuple[str, ...], tuple[int, ...], bool]] = []

    async def look(
        self, hosts: Sequence[str] = (), ports: Sequence[int] = (), *, here: bool = True
    ) -> Discovered:
        self.asked.append((tuple(hosts), tuple(ports), here))
        found = FoundServer(
            url="http://127.0.0.1:9001/mcp", transport="http", title="files", version="1"
        )
        return Discovered(servers=(found,), asked=3, cut=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    servers: Servers
    tools: FakeTools
    switches: Switches
    calls: McpCalls
    preferring: Preferring
    discovery: FakeDiscovery
    folder: Path


@asynccontextmanager
async def elsewhere(database: Database, folder: Path) -> AsyncIterator[Elsewhere]:
    """`weather` and `meteo`, as if they stood in config.yaml. Keys are kept in `folder`."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    shelf = await Shelf.load(McpTable(database))
    tools = FakeTools(shelf, lambda snapshot: servers.hear(snapshot))
    table = McpServerTable(database)
    own = await OwnServers.load(table, await SecretFile.load(folder))
    variables = {"FILES_KEY": "sk-files-of-the-owner"}
    servers = Servers(own, CONFIGURED, lambda: variables, tools, shelf)
    preferring = await Preferring.load(table, tools)
    await servers.start()
    for name, has in TOOLS.items():
        await tools.learn(name, has)
    await preferring.compare()
    async with open_calls(database) as calls:
        yield Elsewhere(
            servers=servers,
            tools=tools,
            switches=await Switches.load(SwitchTable(database)),
            calls=calls,
            preferring=preferring,
            discovery=FakeDiscovery(),
            folder=folder,
        )
