"""Which servers of tools there are: those of config.yaml, then those that the owner added."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Protocol

from msgspec import structs

from pichat.config.types import McpServer
from pichat.errors import BadRequestError, NotAllowedError, NotFoundError, PiChatError
from pichat.mcp.base import ServerStatus
from pichat.mcp.naming import name_for
from pichat.mcp.own import OwnServers
from pichat.mcp.server_view import ServerView, view_of
from pichat.mcp.snapshot import KnownTool, Snapshot
from pichat.mcp.written import Written, changed, check, meant
from pichat.store.db import uninterrupted

MOST = 500
_BEGINS_S = 1.0
SETTLED_S = 12.0
"""So long whoever adds a server waits to hear how it is."""


class Running(Protocol):
    """See mcp.aggregator.Aggregator."""

    now: Snapshot

    def set_servers(self, servers: Mapping[str, McpServer]) -> None: ...

    def refresh(self, names: Iterable[str] | None = None) -> None: ...


class Forgetting(Protocol):
    """See mcp.shelf.Shelf."""

    async def forget(self, server: str) -> None: ...


class Servers:
    """Changes are durable when they return, and what uses the servers has been told. They raise
    BadRequestError for what cannot be, NotFoundError, NotAllowedError for changing what stands in
    config.yaml, and UnavailableError. `variables`: what `${VAR}` means now; `forget`: of one that
    is another now.

    A name in config.yaml comes before the same one that the owner added, which waits.
    """

    def __init__(
        self,
        own: OwnServers,
        configured: Mapping[str, McpServer],
        variables: Callable[[], Mapping[str, str]],
        running: Running,
        shelf: Forgetting,
    ) -> None:
        """Nothing is started yet: see `start`."""
        self._own = own
        self._configured = dict(configured)
        self._variables = variables
        self._running = running
        self._shelf = shelf
        self._changing = asyncio.Lock()
        self._reasons: dict[str, str] = {}  # why each failed last, until it is well again
        self._unusable: dict[str, str] = {}
        self._servers: dict[str, McpServer] = {}
        self._told = asyncio.Event()
        self._taking: asyncio.Task[None] | None = None
        self._compose()

    # --- reading ---------------------------------------------------------------------------

    @property
    def any(self) -> bool:
        return bool(self._servers or self._unusable)

    @property
    def servers(self) -> Mapping[str, McpServer]:
        """Those that can be used, in the order in which they are preferred."""
        return self._servers

    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*self._configured, *self._own.names()]))

    def views(self) -> tuple[ServerView, ...]:
        known = {each.name: each for each in self._running.now.servers}
        return tuple(self._view(name, known.get(name)) for name in self.names())

    def view(self, name: str) -> ServerView:
        """Raises NotFoundError."""
        self._check_known(name)
        known = {each.name: each for each in self._running.now.servers}
        return self._view(name, known.get(name))

    def tools(self, name: str) -> tuple[KnownTool, ...]:
        """Of that server. Raises NotFoundError."""
        self._check_known(name)
        tools = self._running.now.tools.values()
        return tuple(each for each in tools if each.server == name)

    def problems(self) -> dict[str, str]:
        """Why each of those that do not work does not."""
        on = [name for name in self.names() if self._enabled(name)]
        return {
            name: reason
            for name in on
            if (reason := self._unusable.get(name) or self._reasons.get(name)) is not None
        }

    # --- changing --------------------------------------------------------------------------

    async def start(self) -> None:
        """Have all of them used."""
        async with self._changing:
            await self._apply()

    async def add(self, name: str | None, written: Written, *, enabled: bool = True) -> ServerView:
        """Without a name it gets one of its address."""
        async with self._changing:
            name = name or name_for(written, self.names())
            check(name, written)
            if name in self.names():
                raise BadRequestError(f"There is a server “{name}” already; give this one a name.")
            if len(self.names()) >= MOST:
                raise BadRequestError(f"There are {MOST} servers, which is the most.")
            meant(name, written, self._variables(), enabled=enabled)
            await uninterrupted(self._keep(name, written, enabled=enabled))
        return await self._settled(name)

    async def update(
        self, name: str, changes: Mapping[str, Any], *, enabled: bool | None = None
    ) -> ServerView:
        """`changes`: fields of Written. Of `env` and `headers` those that are named, where null
        takes one away."""
        async with self._changing:
            self._check_known(name)
            on = self._enabled(name) if enabled is None else enabled
            if not changes:
                await uninterrupted(self._switch(name, on=on))
            else:
                self._check_own(name)
                old = self._own.written(name)
                new = changed(old, changes)
                check(name, new)
                meant(name, new, self._variables(), enabled=on)
                another = (old.command, old.url) != (new.command, new.url)
                await uninterrupted(self._keep(name, new, enabled=on, another=another))
        return await self._settled(name)

    async def remove(self, name: str) -> None:
        async with self._changing:
            self._check_known(name)
            self._check_own(name)
            await uninterrupted(self._remove(name))

    async def refresh(self, names: Iterable[str] | None = None) -> tuple[ServerView, ...]:
        """Ask them again what they have, those or all, whether they rest or not. Returns when they
        have answered, or after a while."""
        wanted = self.names() if names is None else tuple(names)
        for name in wanted:
            self._check_known(name)
        async with self._changing:  # a variable may be set by now
            await self._apply()
        usable = [name for name in wanted if name in self._servers and self._enabled(name)]
        told = self._told
        self._running.refresh(usable)
        with suppress(TimeoutError):
            async with asyncio.timeout(_BEGINS_S):  # nobody tells when nothing was new
                await told.wait()
        await self._settle(wanted)
        return tuple(map(self.view, wanted))

    def reconfigure(self, configured: Mapping[str, McpServer]) -> None:
        """Others stand in config.yaml from now on."""
        self._configured = dict(configured)
        self._taking = asyncio.create_task(self.start(), name="mcp servers of config.yaml")

    def hear(self, snapshot: Snapshot) -> None:
        """Called after each new snapshot."""
        for each in snapshot.servers:
            if each.reason is not None:
                self._reasons[each.name] = each.reason
            elif each.state in ("ready", "off"):
                self._reasons.pop(each.name, None)
        self._told.set()
        self._told = asyncio.Event()

    # ---------------------------------------------------------------------------------------

    def _compose(self) -> None:
        """What `servers` and `_unusable` are now."""
        self._servers, self._unusable = {}, {}
        variables = self._variables()
        for name in self.names():
            on = self._enabled(name)
            if name in self._configured:
                self._servers[name] = structs.replace(self._configured[name], enabled=on)
                continue
            try:
                self._servers[name] = meant(name, self._own.written(name), variables, enabled=on)
            except PiChatError as error:
                self._unusable[name] = error.sentence
        for gone in self._reasons.keys() - self._servers.keys():
            del self._reasons[gone]

    async def _apply(self) -> None:
        self._compose()
        self._running.set_servers(self._servers)

    async def _keep(
        self, name: str, written: Written, *, enabled: bool, another: bool = False
    ) -> None:
        """`another`: it is not the server that it was."""
        await self._own.keep(name, written, enabled=enabled)
        self._reasons.pop(name, None)
        if another:
            await self._shelf.forget(name)
        await self._apply()

    async def _switch(self, name: str, *, on: bool) -> None:
        await self._own.switch(name, on=on)
        await self._apply()

    async def _remove(self, name: str) -> None:
        await self._own.remove(name)
        await self._shelf.forget(name)
        await self._apply()

    async def _settled(self, name: str) -> ServerView:
        await self._settle([name])
        return self.view(name)

    async def _settle(self, names: Iterable[str]) -> None:
        """Returns once they are up, or have said why not, or after a while."""
        wanted = set(names)
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLED_S):
                while any(
                    self._is_busy(each) for each in self._running.now.servers if each.name in wanted
                ):
                    await self._told.wait()

    def _is_busy(self, status: ServerStatus) -> bool:
        """Whether it has not said yet how it is: it starts, or is just about to."""
        begins = status.state == "idle" and status.era == "unknown" and status.reason is None
        return status.state == "starting" or (begins and self._enabled(status.name))

    def _view(self, name: str, status: ServerStatus | None) -> ServerView:
        server = self._configured.get(name)
        unusable = self._unusable.get(name)
        return view_of(
            name,
            server or self._own.written(name),
            status,
            configured=server is not None,
            enabled=self._enabled(name),
            reason=unusable or self._reasons.get(name),
            usable=unusable is None,
        )

    def _enabled(self, name: str) -> bool:
        server = self._configured.get(name)
        return self._own.is_on(name, configured=None if server is None else server.enabled)

    def _check_known(self, name: str) -> None:
        if name not in self.names():
            raise NotFoundError(f"There is no server of tools “{name[:64]}”.")

    def _check_own(self, name: str) -> None:
        if name in self._configured:
            raise NotAllowedError(
                f"“{name}” stands in config.yaml: change it there. Here it is only switched on and"
                " off."
            )
