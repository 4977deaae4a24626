"""All servers elsewhere together: one snapshot of what they have, and calls by a tool's name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import structlog

from pichat.config.types import McpServer
from pichat.errors import BadRequestError, NotAllowedError, NotFoundError, UnavailableError
from pichat.mcp.base import Catalogue
from pichat.mcp.shelf import Shelf
from pichat.mcp.snapshot import NOTHING, KnownTool, Snapshot
from pichat.mcp.upstream.limits import Limits
from pichat.mcp.upstream.means import Ask, Means
from pichat.mcp.upstream.upstream import Upstream
from pichat.tools.patterns import permits

if TYPE_CHECKING:
    from mcp import types
    from mcp.shared.dispatcher import ProgressFnT

log = structlog.get_logger(__name__)

SETTLE_S = 0.05
"""Changes that come together are told once."""
_PATIENCE_S, _MOST_PATIENCE = 2.0, 5


class Aggregator:
    """Run `serve` beside it. `tell` is called after each new snapshot.

    What was known before is in the snapshot from the start on, whether its server is up or not. A
    server that is broken costs the others nothing: each has a task of its own.
    """

    def __init__(
        self,
        shelf: Shelf,
        tell: Callable[[Snapshot], None],
        limits: Limits | None = None,
        ask: Ask | None = None,
    ) -> None:
        """`ask`: how a server asks a person for something; without it, it may not."""
        self._shelf = shelf
        self._tell = tell
        self._upstreams: dict[str, Upstream] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._dirty = asyncio.Event()
        self._learning: dict[str, Upstream] = {}
        self._means = Means(limits, ask)
        self._ending: set[asyncio.Task[None]] = set()
        self._keeping: set[asyncio.Task[None]] = set()
        self._instead: Mapping[str, str] = {}
        self.now: Snapshot = NOTHING

    # --- which there are -------------------------------------------------------------------

    def set_servers(self, servers: Mapping[str, McpServer]) -> None:
        """These, in the order in which they are preferred. Those that stay as they were go on."""
        for name in [*self._upstreams]:
            if servers.get(name) != self._upstreams[name].settings:
                self._end(name)
        self._upstreams = {
            name: self._upstreams.get(name) or self._begin(name, settings)
            for name, settings in servers.items()
        }
        self._rebuild()

    def refresh(self, names: Iterable[str] | None = None) -> None:
        """Ask servers again what they have: those, or all. Raises NotFoundError."""
        for name in [*self._upstreams] if names is None else names:
            self._of(name).refresh()

    # --- using them ------------------------------------------------------------------------

    async def call(
        self, alias: str, arguments: dict[str, Any], progress: ProgressFnT | None = None
    ) -> types.CallToolResult:
        """Raises NotFoundError, NotAllowedError for a tool that has changed since the owner agreed
        to it, and what Upstream.call raises."""
        known = self.known(alias)
        if known.changed:
            raise NotAllowedError(
                f"“{alias}” says another thing of itself than before; its owner has to agree first."
            )
        return await self._of(known.server).call(known.tool.name, arguments, progress)

    def known(self, alias: str) -> KnownTool:
        """Raises NotFoundError."""
        found = self.now.tools.get(alias)
        if found is None:
            raise NotFoundError(f"There is no tool “{alias[:64]}” of a server elsewhere.")
        return found

    async def approve(self, alias: str) -> KnownTool:
        """The owner agrees to a tool as it is now. Raises NotFoundError and UnavailableError."""
        await self._shelf.approve(self.known(alias))
        self._rebuild()
        return self.known(alias)

    async def describe(self, alias: str, description: str | None) -> KnownTool:
        """The owner's words for a tool. Raises NotFoundError, BadRequestError, UnavailableError."""
        if description is not None and len(description) > 2000:
            raise BadRequestError("A description has at most 2000 characters.")
        await self._shelf.describe(self.known(alias).alias, description)
        self._rebuild()
        return self.known(alias)

    def prefer(self, instead: Mapping[str, str]) -> None:
        """See Snapshot.instead."""
        if instead != self._instead:
            self._instead = dict(instead)
            self._rebuild()

    # --- the owner -------------------------------------------------------------------------

    async def serve(self) -> None:
        """Keep what servers tell, and tell of it. Ends only by being cancelled, and ends them."""
        try:
            while True:
                await self._dirty.wait()
                await asyncio.sleep(SETTLE_S)
                self._dirty.clear()
                self._learn()
                await asyncio.sleep(0)  # in memory at once; the disk takes longer
                self._rebuild()
        finally:
            for name in [*self._tasks]:
                self._end(name)
            await self._all_ended()
            await self._means.close()
            await asyncio.gather(*self._keeping)

    async def _all_ended(self) -> None:
        for _ in range(_MOST_PATIENCE):
            if not self._ending:
                return
            await asyncio.wait([*self._ending], timeout=_PATIENCE_S)
            for task in [*self._ending]:
                task.cancel()
        log.warning("mcp servers do not end", count=len(self._ending))

    def _learn(self) -> None:
        learning, self._learning = self._learning, {}
        for name, upstream in learning.items():
            if upstream.catalogue is not None and self._upstreams.get(name) is upstream:
                learning_it = self._keep(name, upstream.catalogue)
                task = asyncio.create_task(learning_it, name=f"mcp keeps {name}")
                self._keeping.add(task)
                task.add_done_callback(self._keeping.discard)

    async def _keep(self, name: str, catalogue: Catalogue) -> None:
        try:
            await self._shelf.learn(name, catalogue)
        except UnavailableError as error:
            log.warning("mcp catalogue not kept", server=name, reason=error.sentence)

    def _rebuild(self) -> None:
        catalogues = {
            name: self._shelf.catalogues[name]
            for name in self._upstreams
            if name in self._shelf.catalogues
        }
        tools = {
            known.alias: known
            for name, upstream in self._upstreams.items()
            for known in self._shelf.tools_of(name)
            if permits(upstream.settings.tools, known.tool.name)
        }
        self.now = Snapshot(
            servers=tuple(each.status() for each in self._upstreams.values()),
            tools=tools,
            prompts={name: each.prompts for name, each in catalogues.items() if each.prompts},
            resources={name: each.resources for name, each in catalogues.items() if each.resources},
            instead=self._instead_of(tools),
        )
        self._tell(self.now)

    def _instead_of(self, tools: Mapping[str, KnownTool]) -> dict[str, str]:
        """Who is preferred now: a tool whose server does not work stands in nobody's way."""
        states = {name: each.status().state for name, each in self._upstreams.items()}
        down = {name for name, state in states.items() if state in ("off", "failed")}
        return {
            alias: better
            for alias, better in self._instead.items()
            if alias in tools and better in tools and tools[better].server not in down
        }

    def _begin(self, name: str, settings: McpServer) -> Upstream:
        known = self._shelf.catalogues.get(name)
        upstream = Upstream(name, settings, self._means, self._changed, known)
        self._tasks[name] = asyncio.create_task(upstream.serve(), name=f"mcp {name}")
        return upstream

    def _end(self, name: str) -> None:
        self._upstreams.pop(name).close()
        task = self._tasks.pop(name)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        task.cancel()

    def _changed(self, upstream: Upstream) -> None:
        if upstream.catalogue is not self._shelf.catalogues.get(upstream.name):
            self._learning[upstream.name] = upstream
        self._dirty.set()

    def _of(self, name: str) -> Upstream:
        found = self._upstreams.get(name)
        if found is None:
            raise NotFoundError(f"There is no server “{name[:64]}”.")
        return found
