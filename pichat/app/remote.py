"""Tools of other programs: their servers, what is known of them, and how they are."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pichat.app.comparing import asking
from pichat.app.parts import Parts
from pichat.app.telling import PART, Telling
from pichat.config.last_good import ConfigFile
from pichat.config.types import Config, Mcp
from pichat.mcp.aggregator import Aggregator
from pichat.mcp.inputs import Inputs
from pichat.mcp.own import OwnServers
from pichat.mcp.preferring import Preferring
from pichat.mcp.remote import Remote
from pichat.mcp.search import Finder
from pichat.mcp.secrets import SecretFile
from pichat.mcp.servers import Servers
from pichat.mcp.shelf import Shelf
from pichat.mcp.snapshot import Snapshot
from pichat.mcp.switches import Switches
from pichat.store.db import Database
from pichat.store.mcp import McpTable
from pichat.store.mcp_calls import McpCalls, open_calls
from pichat.store.mcp_servers import McpServerTable
from pichat.store.mcp_switches import SwitchTable

if TYPE_CHECKING:
    from pichat.app.reloading import Commit
    from pichat.app.thinking import Thinking
    from pichat.turn.profiles import Profiles


_SETTINGS = ("servers", "offered_tools", "compare", "calls_per_minute", "result_bytes")
SETTINGS = tuple(f"mcp.{name}" for name in _SETTINGS)
"""What is taken over when config.yaml is read again."""


class Bounds:
    """The settings of `mcp` as they are now, whatever was read again."""

    def __init__(self, now: Mcp) -> None:
        self.now = now

    def __call__(self) -> Mcp:
        return self.now


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """All that there is of tools elsewhere. `remote` is what the box of tools uses."""

    aggregator: Aggregator
    servers: Servers
    switches: Switches
    calls: McpCalls
    remote: Remote
    bounds: Bounds
    preferring: Preferring
    inputs: Inputs

    def take(self, new: Config) -> Commit:
        """What config.yaml says now."""

        def commit() -> None:
            self.bounds.now = new.mcp
            self.servers.reconfigure(new.mcp.servers)

        return commit

    def compare_by(self, thinking: Thinking, profiles: Profiles) -> None:
        """Let a model be asked about tools, as the config allows."""
        ask = asking(thinking.chain, profiles)
        self.preferring.ask = lambda: ask if self.bounds.now.compare else None


async def start_remote(parts: Parts, database: Database, file: ConfigFile) -> Elsewhere:
    """What was known before is there once the part has told how it is; the servers follow."""
    table = McpTable(database)
    shelf = await Shelf.load(table)
    heard: list[Telling] = []

    def tell(snapshot: Snapshot) -> None:
        servers.hear(snapshot)
        for each in heard:
            each.hear(snapshot)

    inputs = Inputs(parts.bus)
    aggregator = Aggregator(shelf, tell, ask=inputs.ask)
    kept = McpServerTable(database)
    own = await OwnServers.load(kept, await SecretFile.load(parts.state_dir))
    servers = Servers(own, parts.config.mcp.servers, file.variables, aggregator, shelf)
    preferring = await Preferring.load(kept, aggregator)
    telling = Telling(servers, preferring, parts.bus, parts.health)
    heard.append(telling)

    async def serve() -> None:
        await servers.start()
        telling.tell()
        async with asyncio.TaskGroup() as together:
            together.create_task(aggregator.serve(), name="mcp servers")
            together.create_task(telling.serve(), name="mcp telling")
            together.create_task(telling.compare(), name="mcp comparing")

    switches = await Switches.load(SwitchTable(database))
    calls = await parts.steps.start("mcp calls", open_calls(database))
    bounds = Bounds(parts.config.mcp)
    parts.run(PART, serve)
    return Elsewhere(
        aggregator=aggregator,
        servers=servers,
        switches=switches,
        calls=calls,
        remote=Remote(aggregator, Finder(table), switches, calls, bounds),
        bounds=bounds,
        preferring=preferring,
        inputs=inputs,
    )
