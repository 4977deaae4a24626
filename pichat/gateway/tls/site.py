"""A port that speaks TLS, and plain HTTP to those who come without it.

Which of the two it is tells the first byte, which is looked at and left where it is, so that
whoever serves the connection reads it from its beginning.
"""

import asyncio
import socket
import ssl
from asyncio.sslproto import SSLProtocol
from collections.abc import Callable
from typing import cast

import structlog
from aiohttp import web

log = structlog.get_logger(__name__)

_HANDSHAKE = b"\x16"  # how every TLS connection begins, and no HTTP request
_PAUSE_S = 1.0
_GOODBYE_S = 2.0  # for the other side's end of TLS, once ours is said
_BACKLOG = 128
# What asyncio keeps for reading from each connection over TLS, of its own accord 256 KiB: five
# times all else that a screen needs. No record of TLS is larger than this.
_READ_BYTES = 16 * 1024

Factory = Callable[[], asyncio.Protocol]


class _Port:
    """Listens at one socket. `context`: for each new connection, so that a new certificate is
    shown to whoever comes next."""

    def __init__(
        self,
        listening: socket.socket,
        factory: Factory,
        context: Callable[[], ssl.SSLContext | None],
        patience_s: float,
    ) -> None:
        self.sockets = [listening]
        self._patience_s = patience_s
        self._listening = listening
        self._factory = factory
        self._context = context
        self._greeting: set[asyncio.Task[None]] = set()
        self._accepting = asyncio.create_task(self._accept(), name="gateway-accept")

    def close(self) -> None:
        for task in self._tasks():
            task.cancel()

    async def wait_closed(self) -> None:
        await asyncio.gather(*self._tasks(), return_exceptions=True)
        self._listening.close()

    def _tasks(self) -> tuple[asyncio.Task[None], ...]:
        return (self._accepting, *self._greeting)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, _ = await loop.sock_accept(self._listening)
            except ConnectionError:
                continue  # gone again, or one too many
            except OSError as error:  # no more files, or no memory: others will go
                log.warning("no connection can be accepted now", reason=error.strerror)
                await asyncio.sleep(_PAUSE_S)
                continue
            task = asyncio.create_task(self._greet(accepted), name="gateway-greet")
            self._greeting.add(task)
            task.add_done_callback(self._greeting.discard)

    async def _greet(self, accepted: socket.socket) -> None:
        """Hand a connection over to who serves it, or close it."""
        try:
            async with asyncio.timeout(self._patience_s):
                first = await _first_byte(accepted)
        except OSError:  # a timeout is one
            first = b""
        except asyncio.CancelledError:
            accepted.close()
            raise
        if not first:
            accepted.close()
            return
        secure = first == _HANDSHAKE
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                self._factory,
                accepted,
                ssl=self._context() if secure else None,
                ssl_handshake_timeout=self._patience_s if secure else None,
                ssl_shutdown_timeout=_GOODBYE_S if secure else None,
            )
        except OSError as error:
            # A browser that does not trust the certificate ends so, and then asks its user.
            log.debug("no connection", reason=getattr(error, "reason", None) or str(error))


async def _first_byte(accepted: socket.socket) -> bytes:
    """Nothing when the other side has closed. Raises OSError."""
    accepted.setblocking(False)
    loop = asyncio.get_running_loop()
    while True:
        try:
            return accepted.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            pass
        ready: asyncio.Future[None] = loop.create_future()
        loop.add_reader(accepted, _tell, ready)
        try:
            await ready
        finally:
            loop.remove_reader(accepted)


def _tell(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


class SecureSite(web.BaseSite):
    """Serves what comes in by a socket that is bound, with `factory` making the protocol of each
    connection. `patience_s`: for the first byte, and then for the handshake."""

    def __init__(
        self,
        runner: web.BaseRunner,
        listening: socket.socket,
        factory: Factory,
        context: Callable[[], ssl.SSLContext | None],
        patience_s: float,
    ) -> None:
        super().__init__(runner)
        self._patience_s = patience_s
        self._listening = listening
        self._factory = factory
        self._context = context
        self._port: _Port | None = None

    @property
    def name(self) -> str:
        host, port = self._listening.getsockname()[:2]
        return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"

    async def start(self) -> None:
        """Raises OSError."""
        await super().start()
        SSLProtocol.max_size = _READ_BYTES
        self._listening.setblocking(False)
        self._listening.listen(_BACKLOG)
        self._port = _Port(self._listening, self._factory, self._context, self._patience_s)
        # As much of a server as the runner uses.
        self._server = cast("asyncio.AbstractServer", self._port)

    async def stop(self) -> None:
        await super().stop()
        if self._port is not None:
            await self._port.wait_closed()
