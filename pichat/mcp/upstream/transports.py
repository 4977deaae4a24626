"""From the settings of a server to the SDK's way of reaching it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TextIO

import httpx2
from mcp.client.sse import sse_client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from pichat.config.types import McpServer

if TYPE_CHECKING:
    from mcp.client._transport import Transport

CONNECT_S = 10.0
_READ_S = 300.0  # a server may hold a stream open and say nothing


class SharedHttp(httpx2.AsyncBaseTransport):
    """One pool of connections and one TLS set-up for all servers; a client of each has its headers,
    and closing that leaves this open."""

    def __init__(self) -> None:
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=200)
        self._pool = httpx2.AsyncHTTPTransport(limits=limits, trust_env=False)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return await self._pool.handle_async_request(request)

    async def aclose(self) -> None:
        """Nothing: it is shared."""

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.aclose()

    def client(
        self,
        headers: dict[str, str] | None = None,
        timeout: httpx2.Timeout | None = None,
        auth: httpx2.Auth | None = None,
    ) -> httpx2.AsyncClient:
        """Of one server. Closing it leaves the pool open."""
        return httpx2.AsyncClient(
            transport=self,
            headers=headers,
            timeout=timeout or httpx2.Timeout(CONNECT_S, read=_READ_S),
            auth=auth,
            trust_env=False,
        )


def transport_of(settings: McpServer, http: SharedHttp, errors: TextIO) -> Transport:
    """How the server is reached. `errors`: where a program's standard error goes."""
    if settings.command:
        return stdio_client(_program(settings), errlog=errors)
    url = settings.url or ""
    headers = {name: secret.value for name, secret in settings.headers.items()}
    if settings.transport == "sse":
        return sse_client(
            url,
            headers=headers,
            timeout=CONNECT_S,
            httpx_client_factory=http.client,
        )
    return _over_http(url, http, headers)


@asynccontextmanager
async def _over_http(url: str, http: SharedHttp, headers: dict[str, str]) -> AsyncIterator[Any]:
    async with (
        http.client(headers) as client,
        streamable_http_client(url, http_client=client) as streams,
    ):
        yield streams


def _program(settings: McpServer) -> StdioServerParameters:
    command, *arguments = settings.command
    environment = {name: secret.value for name, secret in settings.env.items()}
    return StdioServerParameters(
        command=command,
        args=arguments,
        env={"PATH": os.environ.get("PATH", os.defpath), **environment},
        cwd=settings.folder,
    )
