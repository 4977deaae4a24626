"""Servers elsewhere as the tests of the turn have them: what they have, and what they answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from mcp import types

from pichat.config.types import Mcp
from pichat.mcp.base import Catalogue, RemoteTool, ServerState, ServerStatus
from pichat.mcp.depth import meta_now
from pichat.mcp.remote import Remote
from pichat.mcp.search import Finder
from pichat.mcp.shelf import Shelf
from pichat.mcp.snapshot import KnownTool, Snapshot
from pichat.mcp.switches import Switches
from pichat.store.db import Database, open_database
from pichat.store.mcp import McpTable
from pichat.store.mcp_calls import McpCalls, open_calls
from pichat.store.mcp_switches import SwitchTable
from pichat.tools.remote import Behalf

if TYPE_CHECKING:
    from mcp.shared.dispatcher import ProgressFnT

GROWN_UP = Behalf(source="model", behind="screen", turn_id="t", profile="default")
Answer = types.CallToolResult | Exception | Callable[[dict[str, Any]], types.CallToolResult]


def text(*said: str, **more: Any) -> types.CallToolResult:
    content: list[Any] = [types.TextContent(text=each) for each in said]
    return types.CallToolResult(content=content, **more)


def tool(name: str, description: str, **schema: Any) -> RemoteTool:
    """`schema`: of each argument; what begins with an underscore is of the whole."""
    whole = {key[1:]: value for key, value in schema.items() if key.startswith("_")}
    properties = {key: value for key, value in schema.items() if not key.startswith("_")}
    told = {"type": "object", "properties": properties, **whole}
    return RemoteTool(
        name=name, description=description, schema=msgspec.Raw(msgspec.json.encode(told))
    )


WEATHER = tool(
    "get_forecast",
    "The weather of the next days in a town.",
    city={"type": "string", "description": "Which town"},
    days={"type": "integer", "minimum": 1, "maximum": 14},
    _required=["city"],
)
MAIL = tool(
    "send_mail",
    "Send an e-mail.",
    to={"type": "string"},
    subject={"type": "string"},
    _required=["to"],
)


@dataclass(slots=True)
class FakeServers:
    """Implements remote.Servers. `made`: the calls, with the `_meta` that went along."""

    now: Snapshot
    answers: dict[str, Answer] = field(default_factory=dict)
    made: list[tuple[str, dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    told: int = 0
    """How often a call tells of its progress, before it waits for ever or, not `endless`, ends."""
    endless: bool = True
    cancelled: list[str] = field(default_factory=list)

    async def call(
        self, alias: str, arguments: dict[str, Any], progress: ProgressFnT | None = None
    ) -> types.CallToolResult:
        self.made.append((alias, arguments, meta_now()))
        if self.told:
            for step in range(self.told):
                if progress is not None:
                    await progress(step, self.told, f"step {step}")
            await self._wait(alias)
        answer = self.answers.get(alias, text("done"))
        if isinstance(answer, Exception):
            raise answer
        return answer(arguments) if callable(answer) else answer

    async def _wait(self, alias: str) -> None:
        try:
            while self.endless:
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.append(alias)
            raise


@dataclass(slots=True)
class Elsewhere:
    servers: FakeServers
    remote: Remote
    switches: Switches
    calls: McpCalls
    database: Database
    bounds: Mcp

    async def outcomes(self) -> list[tuple[str, str]]:
        """Of all calls, as they were written down, the oldest first."""
        await self.calls.flushed()
        return [(each.alias, each.outcome) for each in reversed(await self.calls.newest(100))]


@asynccontextmanager
async def elsewhere(
    catalogues: Mapping[str, tuple[RemoteTool, ...]] | None = None, **bounds: Any
) -> AsyncIterator[Elsewhere]:
    catalogues = {"web": (WEATHER, MAIL)} if catalogues is None else catalogues
    async with open_database(Path(":memory:")) as database, open_calls(database) as calls:
        shelf = await Shelf.load(McpTable(database))
        for name, tools in catalogues.items():
            await shelf.learn(name, Catalogue(era="legacy", tools=tools))
        tools_now = [each for name in catalogues for each in shelf.tools_of(name)]
        servers = FakeServers(snapshot(tools_now))
        switches = await Switches.load(SwitchTable(database))
        found = Elsewhere(servers, None, switches, calls, database, Mcp(**bounds))  # type: ignore[arg-type]
        finder = Finder(McpTable(database))
        found.remote = Remote(servers, finder, switches, calls, lambda: found.bounds)
        yield found


def snapshot(tools: list[KnownTool], state: ServerState = "ready") -> Snapshot:
    names = dict.fromkeys(each.server for each in tools)
    return Snapshot(
        servers=tuple(ServerStatus(name=name, state=state) for name in names),
        tools={each.alias: each for each in tools},
        prompts={},
        resources={},
    )
