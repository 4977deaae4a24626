"""Who is told of changes. Two kinds of clients: those with a session (the revisions up to 2025), of
which each has one list of what it follows, and those that ask for a stream of changes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from mcp.server.connection import Connection
from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    ListenHandler,
    PromptsListChanged,
    ResourcesListChanged,
    ResourceUpdated,
    ServerEvent,
    ToolsListChanged,
)

from pichat.errors import BusyError
from pichat.mcp.server.base import Changed

log = structlog.get_logger(__name__)

MOST_FOLLOWED = 256  # resources, by one client
MOST_STREAMS = 64
_MOST_WAITING = 512  # events, of a stream that is not read


class Hearers:
    """`listen` is for the SDK. Nobody who does not read holds up the others."""

    def __init__(self) -> None:
        self._bus = InMemorySubscriptionBus()
        self.listen = ListenHandler(
            self._bus, max_subscriptions=MOST_STREAMS, max_buffered_events=_MOST_WAITING
        )
        self._sessions: dict[Connection, _Session] = {}

    def enter(self, connection: Connection) -> None:
        """A client with a session, until that ends."""
        if connection in self._sessions:
            return
        self._sessions[connection] = session = _Session(connection)
        connection.exit_stack.push_async_callback(self._leave, connection, session)

    def follow(self, connection: Connection, uri: str) -> None:
        """Raises BusyError for too many."""
        self.enter(connection)
        followed = self._sessions[connection].uris
        if len(followed) >= MOST_FOLLOWED and uri not in followed:
            raise BusyError(f"One client can follow {MOST_FOLLOWED} resources at most.")
        followed.add(uri)

    def unfollow(self, connection: Connection, uri: str) -> None:
        if connection in self._sessions:
            self._sessions[connection].uris.discard(uri)

    async def tell(self, changed: Changed) -> None:
        for event in _events(changed):
            for session in self._sessions.values():
                session.tell(event)
            await self._bus.publish(event)

    @contextmanager
    def open(self) -> Iterator[None]:
        """Until the context ends, which ends every stream."""
        try:
            yield
        finally:
            self.listen.close()

    async def _leave(self, connection: Connection, session: _Session) -> None:
        self._sessions.pop(connection, None)
        await session.close()


class _Session:
    """What a client does not read waits once, however often it happens."""

    def __init__(self, connection: Connection) -> None:
        self.uris: set[str] = set()
        self._connection = connection
        self._waiting: dict[ServerEvent, None] = {}
        self._some = asyncio.Event()
        self._task = asyncio.create_task(self._send(), name="mcp session")

    def tell(self, event: ServerEvent) -> None:
        if isinstance(event, ResourceUpdated) and event.uri not in self.uris:
            return
        self._waiting[event] = None
        self._some.set()

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _send(self) -> None:
        while True:
            await self._some.wait()
            self._some.clear()
            while self._waiting:
                event = next(iter(self._waiting))
                del self._waiting[event]
                try:
                    await _send(self._connection, event)
                except Exception:  # the client's own boundary: nobody else misses anything
                    log.exception("mcp client not told")


async def _send(connection: Connection, event: ServerEvent) -> None:
    if isinstance(event, ResourceUpdated):
        await connection.send_resource_updated(event.uri)
    elif isinstance(event, ToolsListChanged):
        await connection.send_tool_list_changed()
    elif isinstance(event, PromptsListChanged):
        await connection.send_prompt_list_changed()
    else:
        await connection.send_resource_list_changed()


def _events(changed: Changed) -> Iterator[ServerEvent]:
    if changed.tools:
        yield ToolsListChanged()
    if changed.prompts:
        yield PromptsListChanged()
    if changed.resources:
        yield ResourcesListChanged()
    for uri in changed.uris:
        yield ResourceUpdated(uri)
