"""The port: sockets that count whom they accept, and refuse who is too many before anything else
is done for them, a TLS handshake included."""

import asyncio
import errno
import socket
from collections.abc import Callable
from typing import Any

from aiohttp import web

from pichat.gateway.door.crowd import Crowd

_BACKLOG = 128


class _Accepted(socket.socket):
    """Tells when it is closed, once."""

    left: Callable[[], None] | None = None

    def close(self) -> None:
        left, self.left = self.left, None
        super().close()
        if left is not None:
            left()


class _Listening(socket.socket):
    """`crowd` is told of everyone who connects. `gone_after_s`: how long what was sent to one may
    stay unread, until the system ends the connection, whatever we are doing with it."""

    crowd: Crowd
    gone_after_s: float

    def accept(self) -> tuple[socket.socket, Any]:
        """Raises ConnectionAbortedError, after which asyncio asks again, for one too many."""
        plain, address = super().accept()
        key = self.crowd.enter(address[0])
        if key is None:
            plain.close()
            raise ConnectionAbortedError("too many connections")
        accepted = _Accepted(plain.family, plain.type, plain.proto, fileno=plain.detach())
        accepted.left = lambda: self.crowd.leave(key)
        accepted.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(self.gone_after_s * 1000)
        )
        return accepted, address


async def bind(host: str, port: int, crowd: Crowd, gone_after_s: float) -> list[socket.socket]:
    """A socket for each address that `host` means. `gone_after_s`: of connections none of whose
    bytes are read. Raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    made: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(found):
            try:
                made.append(listening := _Listening(family, kind, protocol))
            except OSError as error:
                if error.errno == errno.EAFNOSUPPORT and len(found) > 1:
                    continue  # a machine without IPv6 has a name for it all the same
                raise
            listening.crowd, listening.gone_after_s = crowd, gone_after_s
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listening.bind(address)
            listening.setblocking(False)
    except BaseException:
        for each in made:
            each.close()
        raise
    return made


class Site(web.SockSite):
    """Serves what comes in by a socket, with `factory` making the protocol of each connection."""

    def __init__(
        self,
        runner: web.BaseRunner,
        sock: socket.socket,
        factory: Callable[[], asyncio.Protocol],
    ) -> None:
        super().__init__(runner, sock, backlog=_BACKLOG)
        self._listening = sock
        self._factory = factory

    async def start(self) -> None:
        await web.BaseSite.start(self)
        self._server = await asyncio.get_running_loop().create_server(
            self._factory, sock=self._listening, backlog=_BACKLOG
        )
