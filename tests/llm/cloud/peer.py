"""A provider's server on loopback that answers as it is told, one answer after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec
from aiohttp import web

from pichat.config.types import CloudModel, Secret
from pichat.llm.base import LlmEvent, Message, Provider, Request
from pichat.llm.http import Patience

KEY = "sk-very-secret-key"
QUICK = Patience(connect_s=2.0, silent_s=5.0, again_s=0.01)
HELLO = Request(system="Be brief.", messages=(Message(role="user", text="Hello?"),))

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Heard(NamedTuple):
    """One request that arrived. `port` tells its connection from others."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    port: int


@dataclass
class Peer:
    url: str
    answers: list[Answer] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)  # the client hung up

    @property
    def body(self) -> Any:
        return self.heard[-1].body

    async def handle(self, request: web.Request) -> web.StreamResponse:
        data = await request.read()
        assert request.transport is not None
        self.heard.append(
            Heard(
                request.method,
                request.path_qs,
                dict(request.headers),
                msgspec.json.decode(data) if data else None,
                request.transport.get_extra_info("peername")[1],
            )
        )
        try:
            return await self.answers.pop(0)(request)
        except (asyncio.CancelledError, ConnectionError):
            self.left.set()
            raise

    def config(self, kind: str, **fields: Any) -> CloudModel:
        wanted: dict[str, Any] = {
            "kind": kind,
            "model": "model-1",
            "url": self.url,
            "api_key": Secret(KEY),
        }
        return CloudModel(**(wanted | fields))


@asynccontextmanager
async def peer_server(port: int = 0) -> AsyncIterator[Peer]:
    """0: at any port that is free."""
    application = web.Application(client_max_size=64 * 1024 * 1024)
    peer = Peer("")
    application.router.add_route("*", "/{path:.*}", peer.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    peer.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield peer
    finally:
        await runner.cleanup()


async def _begin(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
    await response.prepare(request)
    return response


def streams(*pieces: bytes) -> Answer:
    """A whole stream, written piece by piece."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = await _begin(request)
        for piece in pieces:
            await response.write(piece)
        return response

    return answer


def cuts(*pieces: bytes) -> Answer:
    """The connection breaks after these."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = await _begin(request)
        for piece in pieces:
            await response.write(piece)
        assert request.transport is not None
        request.transport.close()
        return response

    return answer


def stalls(*pieces: bytes) -> Answer:
    """Says nothing more after these, and never hangs up."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = await _begin(request)
        for piece in pieces:
            await response.write(piece)
        await asyncio.Event().wait()
        return response

    return answer


def says(
    status: int, body: bytes = b"", content_type: str = "application/json", **headers: str
) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, body=body, content_type=content_type, headers=named)

    return answer


async def hangs_up(request: web.Request) -> web.StreamResponse:
    """Before it has said anything."""
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def is_no_http(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.write(b"\x00\xff this is no HTTP \r\n\r\n")
    request.transport.close()
    return web.Response()


async def all_of(provider: Provider, request: Request = HELLO) -> list[LlmEvent]:
    return [event async for event in provider.stream(request)]
