"""From the settings of a server to a way of reaching it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client

from pichat.config.types import McpServer
from pichat.mcp.upstream.guard import Guard
from pichat.mcp.upstream.limits import Limits

CONNECT_S = 10.0
_READ_S = 300.0  # of an answer; a call has its own deadline
_KEEP_S = 4.0  # servers close after 5, and what is sent into the closing is lost
_KEEP = httpx2.Limits(max_connections=None, max_keepalive_connections=8, keepalive_expiry=_KEEP_S)
_ALIVE = (
    # A stream of events may be silent for ever, but its other end must be there.
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 20),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
)


class SharedHttp:
    """What all servers share: the trusted certificates, which take long to load and much room. The
    connections of each are its own, since one pool looks through all of them for each request."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._trusted: ssl.SSLContext | None = None
        self._plain = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # for addresses without TLS

    def client(
        self, url: str, headers: dict[str, str] | None, gone: Callable[[str], None]
    ) -> httpx2.AsyncClient:
        """Of one server. `gone`: see Guard."""
        context = self._certificates() if url.startswith("https:") else self._plain
        pool = httpx2.AsyncHTTPTransport(
            verify=context, limits=_KEEP, trust_env=False, socket_options=_ALIVE
        )
        return httpx2.AsyncClient(
            transport=Guard(pool, self._limits, gone),
            headers=headers,
            timeout=httpx2.Timeout(CONNECT_S, read=_READ_S),
            trust_env=False,
        )

    def _certificates(self) -> ssl.SSLContext:
        if self._trusted is None:
            self._trusted = httpx2.create_ssl_context(trust_env=True)
        return self._trusted


@asynccontextmanager
async def over_http(
    settings: McpServer, http: SharedHttp, limits: Limits, gone: Callable[[str], None]
) -> AsyncIterator[tuple[Any, Any]]:
    """Both streams of the SDK."""
    url = settings.url or ""
    headers = {name: secret.value for name, secret in settings.headers.items()}
    if settings.transport == "sse":

        def client_of(*_: Any, **__: Any) -> httpx2.AsyncClient:
            return http.client(url, headers, gone)

        async with sse_client(url, httpx_client_factory=client_of) as streams:
            yield streams
        return
    async with (
        http.client(url, headers, gone) as client,
        streamable_http_client(
            url, http_client=client, max_sse_event_size=limits.message_bytes
        ) as streams,
    ):
        yield streams
