"""PiChat's own server for other programs, at /mcp: from aiohttp to the SDK, which speaks ASGI. The
SDK is imported with the first request, in a thread, as that takes a while and memory."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

import structlog
from aiohttp import web

from pichat.errors import NotFoundError, UnavailableError
from pichat.gateway.agents.changes import Changes
from pichat.gateway.agents.offer import Offer
from pichat.gateway.agents.served import load_served
from pichat.gateway.door.caller import Caller
from pichat.gateway.door.entrances import CALLER, Entrances
from pichat.gateway.replies import STREAMS
from pichat.gateway.routes import read_body
from pichat.gateway.services import Services

if TYPE_CHECKING:
    from pichat.mcp.server.base import House
    from pichat.mcp.server.serving import Serving

log = structlog.get_logger(__name__)

PATH = "/mcp"
_BODY_BYTES = 1024 * 1024
_END_S = 1.0  # for the work of a client that has gone
_OWN = frozenset({"content-length", "connection", "transfer-encoding", "date", "server"})


class McpMount:
    """`add` it to an application, with which it ends. `house`: what is served, where that is not
    the house of these services."""

    def __init__(self, services: Services, house: House[Caller] | None = None) -> None:
        self._services = services
        self._house = house
        self._loading: asyncio.Future[Serving] | None = None
        self._task: asyncio.Task[None] | None = None

    def add(self, application: web.Application, entrances: Entrances) -> None:
        for method in ("GET", "POST", "DELETE"):
            entrances.add(method, PATH, self._answer, needs="agent")
        application.on_shutdown.append(self._end)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if not self._services.agents.serve:
            raise NotFoundError(_NOT_SERVED)
        body = await read_body(request, _BODY_BYTES)
        serving = await self._serving()
        serving.admit(request.headers["Host"], request.headers.get("Origin"))
        exchange = _Exchange(request, body)
        scope = _scope(request, request[CALLER])
        return await exchange.run(serving.handle(scope, exchange.receive, exchange.send))

    # --- the server ----------------------------------------------------------------------------

    async def _serving(self) -> Serving:
        """The server, which begins with the first request. Raises UnavailableError."""
        if self._task is None or self._task.done():
            self._loading = asyncio.get_running_loop().create_future()
            self._task = asyncio.create_task(self._serve(self._loading), name="mcp server")
        if self._loading is None:
            raise UnavailableError("PiChat is stopping.")
        return await asyncio.shield(self._loading)

    async def _serve(self, loading: asyncio.Future[Serving]) -> None:
        """Begins and ends it in one task, as the SDK wants it."""
        try:
            module = await asyncio.to_thread(importlib.import_module, _MODULE)
            await asyncio.to_thread(load_served)  # what it is made of takes a while
            serving: Serving = module.Serving(self._house or Offer(self._services))
            async with serving.run():
                loading.set_result(serving)
                log.info("serving other programs", path=PATH)
                await Changes(self._services, serving.hearers.tell).follow()
        except Exception:  # the owner's boundary: it begins anew with the next request
            log.exception("mcp server failed")
        finally:
            if not loading.done():
                loading.set_exception(UnavailableError("The server for programs did not start."))
                loading.exception()  # somebody may not have waited

    async def _end(self, _: web.Application) -> None:
        self._loading = None
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


_NOT_SERVED = (
    "Other programs are not let in here. If they should be, set mcp.serve to true in config.yaml."
)
_MODULE = "pichat.mcp.server.serving"


def _scope(request: web.Request, caller: Caller) -> dict[str, Any]:
    from pichat.mcp.server.serving import WHO, as_user

    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.scheme,
        "path": request.path,
        "raw_path": request.path.encode(),
        "query_string": request.query_string.encode(),
        "headers": [(name.lower(), value) for name, value in request.raw_headers],
        "client": (request.remote or "", 0),
        "user": as_user(caller.id),
        WHO: caller,
    }


class _Exchange:
    """One request, and its response, whole or as a stream. When the client goes, the SDK is told
    so and ends its work: what began a session is then still begun."""

    def __init__(self, request: web.Request, body: bytes) -> None:
        self._request = request
        self._body: bytes | None = body
        self._gone = asyncio.Event()
        self._head: web.StreamResponse | None = None
        self._pieces: list[bytes] = []

    async def run(self, answering: Coroutine[Any, Any, None]) -> web.StreamResponse:
        streams, here = self._request.app[STREAMS], asyncio.current_task()
        if here is not None:
            streams.add(here)
        work = asyncio.create_task(answering, name="mcp request")
        try:
            await asyncio.shield(work)
        finally:
            if here is not None:
                streams.discard(here)
            if not work.done():
                self._gone.set()
                await asyncio.wait({work}, timeout=_END_S)
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)
        return await self._finish()

    async def receive(self) -> Any:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if self._gone.is_set():
            return
        try:
            await self._send(message)
        except ConnectionError:
            self._gone.set()

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self._head = web.StreamResponse(status=message["status"])
            for name, value in message.get("headers", ()):
                if name.decode().lower() not in _OWN:
                    self._head.headers[name.decode()] = value.decode()
            if self._head.content_type == "text/event-stream":
                await self._head.prepare(self._request)
            return
        piece = message.get("body", b"")
        if self._head is not None and self._head.prepared:
            if piece:
                await self._head.write(piece)
        else:
            self._pieces.append(piece)

    async def _finish(self) -> web.StreamResponse:
        head = self._head
        if self._gone.is_set():
            raise ConnectionResetError("the client has gone")
        if head is None:
            raise RuntimeError("the SDK did not answer")
        if head.prepared:
            await head.write_eof()
            return head
        return web.Response(status=head.status, headers=head.headers, body=b"".join(self._pieces))
