"""Tells how the servers of tools are: the board, and whoever subscribed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog

from pichat.bus import Bus
from pichat.events import McpServersChanged, PartStatus, ToolsChanged
from pichat.health import Health
from pichat.mcp.base import ServerStatus
from pichat.mcp.preferring import Preferring
from pichat.mcp.servers import Servers
from pichat.mcp.snapshot import NOTHING, Snapshot

log = structlog.get_logger(__name__)

PART = "mcp"
TELL_EVERY_S = 0.25
COMPARE_AFTER_S = 3.0
"""What does the same is found once servers have told all that they have; it takes a while."""
_NAMED = 3


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
        self._health.set(PART, *_condition(self._servers, self._told))
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
            try:
                await self._preferring.compare()
            except Exception:  # the owner's boundary: an odd tool must not end the servers
                log.exception("tools not compared")


def _condition(servers: Servers, now: Snapshot) -> tuple[PartStatus, str | None]:
    """For the board."""
    if not servers.any:
        return "off", "No server of tools is set up."
    said: list[str] = []
    if problems := servers.problems():
        named = [f"“{name}”: {reason}" for name, reason in [*problems.items()][:_NAMED]]
        said += ["Some tools elsewhere cannot be used.", *named]
        if more := len(problems) - len(named):
            said.append(f"And {more} more; see: pichat mcp")
    if changed := [each.alias for each in now.tools.values() if each.changed]:
        others = f" (and {len(changed) - 1} more)" if len(changed) > 1 else ""
        said.append(
            f"“{changed[0]}”{others} says another thing of itself than before, and is off until you"
            f" agree: pichat mcp approve {changed[0]}"
        )
    return ("degraded", " ".join(said)) if said else ("ok", None)


def _changed(before: Snapshot, now: Snapshot) -> tuple[str, ...]:
    """Servers that are not as they were."""
    old, new = _statuses(before), _statuses(now)
    return tuple(name for name in {**old, **new} if old.get(name) != new.get(name))


def _statuses(snapshot: Snapshot) -> Mapping[str, tuple[object, ...]]:
    return {each.name: _told_of(each) for each in snapshot.servers}


def _told_of(status: ServerStatus) -> tuple[object, ...]:
    """Without how long it still rests."""
    return status.state, status.reason, status.era, status.tools
