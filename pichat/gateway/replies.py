"""What a handler of the REST API returned, as it goes to the client."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import structlog
from aiohttp import web

from pichat.errors import PiChatError
from pichat.gateway.calls import Blob, ByteStream, EventStream, ServerEvent
from pichat.gateway.failures import openai_form
from pichat.gateway.protocol import new_id, raw_json

log = structlog.get_logger(__name__)

KEEP_ALIVE_S = 15.0
_STILL_HERE = b": still here\n\n"


class Streams(set[asyncio.Task[Any]]):
    """The requests whose replies are still being sent; `end_streams` ends them. `patience_s`: with
    a client that does not read."""

    def __init__(self, patience_s: float) -> None:
        super().__init__()
        self.patience_s = patience_s


STREAMS = web.AppKey("streams", Streams)


async def reply(request: web.Request, result: Any, status: int) -> web.StreamResponse:
    """JSON, a file, or a stream of either. Raises what a stream raises before its first piece."""
    if isinstance(result, EventStream):
        return await _events(request, result, status)
    if isinstance(result, ByteStream):
        return await _bytes(request, result, status)
    if isinstance(result, Blob):
        return _blob(result, status)
    return web.Response(
        body=bytes(raw_json(result)),
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


async def end_streams(application: web.Application) -> None:
    """A signal handler for `on_shutdown`: whoever listens for ever is let go."""
    streams = application[STREAMS]
    for task in tuple(streams):
        task.cancel()


def _blob(blob: Blob, status: int) -> web.StreamResponse:
    headers = dict(_OF_FILES)
    if blob.name is not None:
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(blob.name)}"
    if isinstance(blob.body, Path):
        headers["Content-Type"] = blob.media_type
        return web.FileResponse(blob.body, status=status, headers=headers)
    return web.Response(
        body=blob.body, status=status, content_type=blob.media_type, headers=headers
    )


# Whatever a file says of itself, it is not run as a page of ours.
_OF_FILES = {"Cache-Control": "no-store", "Content-Security-Policy": "sandbox"}


class _Sender:
    """Sends a reply in pieces; `async with` it. A client that does not read is let go after once or
    twice the patience: one look now and then costs less than a deadline for each piece."""

    def __init__(self, request: web.Request, response: web.StreamResponse) -> None:
        self.response = response
        self._request = request
        self._task = asyncio.current_task()
        self._streams = request.app[STREAMS]
        self._loop = asyncio.get_running_loop()
        self._waiting_since_s: float | None = None
        self._looking: asyncio.TimerHandle | None = None
        self.sent = 0  # pieces

    async def __aenter__(self) -> "_Sender":
        if self._task is not None:
            self._streams.add(self._task)
        self._look()
        await self.response.prepare(self._request)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._waiting_since_s = self._loop.time()
                await self.response.write_eof()
        finally:
            if self._looking is not None:
                self._looking.cancel()
            if self._task is not None:
                self._streams.discard(self._task)

    async def write(self, piece: bytes) -> None:
        """Raises ConnectionError when the client has gone, or does not read."""
        self.sent += 1
        self._waiting_since_s = self._loop.time()
        try:
            await self.response.write(piece)
        finally:
            self._waiting_since_s = None

    def _look(self) -> None:
        patience_s = self._streams.patience_s
        since_s = self._waiting_since_s
        if since_s is not None and self._loop.time() - since_s >= patience_s:
            self._cut("did not read for long")
            return
        self._looking = self._loop.call_later(patience_s, self._look)

    def break_off(self, reason: str) -> None:
        """Cut the connection. Raises ConnectionResetError."""
        self._cut(reason)
        raise ConnectionResetError(reason)

    def _cut(self, reason: str) -> None:
        log.info("client disconnected", reason=reason, remote=self._request.remote)
        if self._request.transport is not None:
            self._request.transport.abort()


async def _bytes(request: web.Request, stream: ByteStream, status: int) -> web.StreamResponse:
    response = web.StreamResponse(status=status, headers=_OF_FILES)
    response.content_type = stream.media_type
    async with aclosing(stream.pieces) as pieces:  # type: ignore[type-var]
        first = await anext(pieces, b"")
        async with _Sender(request, response) as sender:
            try:
                await sender.write(first)
                async for piece in pieces:
                    await sender.write(piece)
            except PiChatError as error:
                sender.break_off(error.sentence)
            except ConnectionError:
                raise
            except Exception:  # the reply's boundary: what is not known stays in the log
                log.exception("stream failed", path=request.path)
                sender.break_off("the stream failed")
    return response


async def _events(request: web.Request, stream: EventStream, status: int) -> web.StreamResponse:
    response = web.StreamResponse(
        status=status, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )
    response.content_type = "text/event-stream"
    async with aclosing(stream.events) as events:  # type: ignore[type-var]
        first = None if stream.at_once else await anext(events, None)
        async with _Sender(request, response) as sender, _beside(_keep_alive(sender)):
            try:
                await sender.write(_STILL_HERE if first is None else first.encoded())
                async for event in events:
                    await sender.write(event.encoded())
            except PiChatError as error:
                await sender.write(_failed(error).encoded())
            except ConnectionError:
                raise
            except Exception:  # the reply's boundary: what is not known leaves only an id
                log_id = new_id()
                log.exception("stream failed", log_id=log_id, path=request.path)
                await sender.write(_failed(PiChatError.unexpected(log_id)).encoded())
    return response


async def _keep_alive(sender: _Sender) -> None:
    """A comment whenever nothing was sent for long, so that neither side nor a proxy between them
    takes the other for gone."""
    with suppress(ConnectionError):
        while True:
            sent = sender.sent
            await asyncio.sleep(KEEP_ALIVE_S)
            if sent == sender.sent:
                await sender.write(_STILL_HERE)


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """`work` goes on while the context lasts."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _failed(error: PiChatError) -> ServerEvent:
    return ServerEvent(event="error", data=bytes(raw_json(openai_form(error))))
