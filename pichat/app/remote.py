"""Tools of other programs: their servers, what is known of them, and how they are."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pichat.app.parts import Parts
from pichat.bus import Bus
from pichat.config.last_good import ConfigFile
from pichat.config.types import Config, Mcp
from pichat.errors import UnavailableError
from pichat.events import McpServersChanged, PartStatus, ToolsChanged
from pichat.health import Health
from pichat.llm.base import Message, Request, TextDelta
from pichat.mcp.aggregator import Aggregator
from pichat.mcp.base import ServerStatus
from pichat.mcp.inputs import Inputs
from pichat.mcp.own import OwnServers
from pichat.mcp.preferring import Preferring
from pichat.mcp.remote import Remote
from pichat.mcp.search import Finder
from pichat.mcp.secrets import SecretFile
from pichat.mcp.servers import Servers
from pichat.mcp.shelf import Shelf
from pichat.mcp.snapshot import NOTHING, Snapshot
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

PART = "mcp"
TELL_EVERY_S = 0.25
_NAMED = 3


COMPARE_AFTER_S = 3.0
"""What does the same is found once servers have told all that they have; it takes a while."""
_COMPARED_S = 60.0
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

        async def ask(system: str, text: str) -> str:
            profile = profiles.get(profiles.active)
            request = Request(system=system, messages=(Message(role="user", text=text),))
            answering = thinking.chain.stream(
                profile.steps, request, may_use_cloud=profile.may_use_cloud
            )
            try:
                async with asyncio.timeout(_COMPARED_S), aclosing(answering) as pieces:
                    said = [each.text async for each in pieces if isinstance(each, TextDelta)]
            except TimeoutError:
                raise UnavailableError("The model took too long.") from None
            return "".join(said)

        self.preferring.ask = lambda: ask if self.bounds.now.compare else None


class Telling:
    """Tells the board and the bus of what is new, at most four times a second, and has tools
    compared when there are others. Run `serve` and `compare`."""

    def __init__(self, servers: Servers, preferring: Preferring, bus: Bus, health: Health) -> None:
        self._servers = servers
        self._preferring = preferring
        self._others = asyncio.Event()
        self._bus = bus
        self._health = health
        self._dirty = asyncio.Event()
        self._now = self._told = NOTHING

    def hear(self, snapshot: Snapshot) -> None:
        self._now = snapshot
        self._dirty.set()

    async def serve(self) -> None:
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            self.tell()
            await asyncio.sleep(TELL_EVERY_S)

    def tell(self) -> None:
        before, self._told = self._told, self._now
        self._health.set(PART, *_condition(self._servers))
        if names := _changed(before, self._told):
            self._bus.publish(McpServersChanged(names=names))
        if before.tools != self._told.tools:
            self._bus.publish(ToolsChanged(tools=len(self._told.tools)))
            self._others.set()

    async def compare(self) -> None:
        while True:
            await self._others.wait()
            await asyncio.sleep(COMPARE_AFTER_S)
            self._others.clear()
            await self._preferring.compare()


async def start_remote(parts: Parts, database: Database, file: ConfigFile) -> Elsewhere:
    """What was known before is there when this returns; the servers follow."""
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


def _condition(servers: Servers) -> tuple[PartStatus, str | None]:
    """For the board."""
    if not servers.any:
        return "off", "No server of tools is set up."
    problems = servers.problems()
    if not problems:
        return "ok", None
    named = [f"“{name}”: {reason}" for name, reason in [*problems.items()][:_NAMED]]
    more = len(problems) - len(named)
    if more:
        named.append(f"and {more} more; see: pichat mcp")
    return "degraded", f"Some tools elsewhere cannot be used. {' '.join(named)}"


def _changed(before: Snapshot, now: Snapshot) -> tuple[str, ...]:
    """Servers that are not as they were."""
    old, new = _statuses(before), _statuses(now)
    return tuple(name for name in {**old, **new} if old.get(name) != new.get(name))


def _statuses(snapshot: Snapshot) -> Mapping[str, tuple[object, ...]]:
    return {each.name: _told_of(each) for each in snapshot.servers}


def _told_of(status: ServerStatus) -> tuple[object, ...]:
    """Without how long it still rests."""
    return status.state, status.reason, status.era, status.tools
