"""/ws and /ws/chat: from the upgrade to a `Connection`, and all of them together."""

import asyncio
import logging
import sys

from aiohttp import web

from pichat.errors import BusyError
from pichat.gateway.connection import Connection
from pichat.gateway.door.credentials import SUBPROTOCOL
from pichat.gateway.failures import failure
from pichat.gateway.feed import Feed
from pichat.gateway.registry import Action
from pichat.gateway.services import Services

# A frame above our own limit is answered with an error and the connection stays. That needs the
# whole frame in memory; beyond this the library closes with 1009 instead.
MAX_MESSAGE_BYTES = 8 * 1024 * 1024
HEARTBEAT_S = 30.0
# The library's own log tells which subprotocols a client offers, and one may be its token.
logging.getLogger("aiohttp.websocket").setLevel(logging.ERROR)


class WebSockets:
    """The clients that are connected now, at most `server.limits.connections` of them. One that
    does not answer a ping within half of `heartbeat_s` is gone."""

    def __init__(
        self,
        services: Services,
        actions: dict[str, Action],
        feed: Feed,
    ) -> None:
        self._services = services
        self._actions = actions
        self._takes_clips = {each.name for each in actions.values() if each.takes_clips}
        self._feed = feed
        self._connections: set[Connection] = set()
        self.heartbeat_s = HEARTBEAT_S

    def __len__(self) -> int:
        return len(self._connections)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One client, from its upgrade until it goes."""
        if len(self._connections) >= self._services.door.limits.config.connections:
            return failure(BusyError("Too many screens are connected."))
        # No compression: it costs each idle client a window of memory and each frame time. Text
        # stays bytes, because a frame that is not UTF-8 deserves an answer like any other.
        # No writer limit: `Connection` itself decides when to wait for the client.
        socket = web.WebSocketResponse(
            heartbeat=self.heartbeat_s,
            protocols=(SUBPROTOCOL,),
            compress=False,
            max_msg_size=MAX_MESSAGE_BYTES,
            writer_limit=sys.maxsize,
            decode_text=False,
            timeout=2.0,
        )
        writer = await socket.prepare(request)
        connection = Connection(
            socket,
            request,
            writer,
            self._services,
            self._actions,
            self._feed,
            self._takes_clips,
        )
        self._connections.add(connection)
        try:
            await connection.serve()
        finally:
            self._connections.discard(connection)
            if request.transport is None:
                # It was lost, without a goodbye: else the timer of its heartbeat would hold all
                # that there was of it for half a minute more.
                await socket.close()
        return socket

    async def close(self, deadline_s: float) -> None:
        """Say goodbye to every client; those that do not answer in time are cut off."""
        goodbyes = [asyncio.create_task(each.close()) for each in self._connections]
        if goodbyes:
            _, late = await asyncio.wait(goodbyes, timeout=deadline_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*goodbyes, return_exceptions=True)
        for connection in list(self._connections):
            connection.drop("PiChat stops")
