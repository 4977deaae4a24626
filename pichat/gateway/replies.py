"""What a handler of the REST API returned, as it goes to the client."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any
from urllib.parse import quote

import structlog
from aiohttp import web

from pichat.errors import PiChatError
from pichat.gateway.calls import Blob, EventStream, ServerEvent
from pichat.gateway.protocol import new_id, raw_json

log = structlog.get_logger(__name__)

KEEP_ALIVE_S = 15.0
PATIENCE_S = 10.0  # for a client that does not read
_STILL_HERE = b": still here\n\n"


async def reply(request: web.Request, result: Any, status: int) -> web.StreamResponse:
    """JSON, a file or a stream of events. Raises what a stream raises before its first event."""
    if isinstance(result, EventStream):
        return await _stream(request, result, status)
    if isinstance(result, Blob):
        return _blob(result, status)
    return web.Response(
        body=bytes(raw_json(result)),
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def _blob(blob: Blob, status: int) -> web.Response:
    # Whatever a file says of itself, it is not run as a page of ours.
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": "sandbox"}
    if blob.name is not None:
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(blob.name)}"
    return web.Response(
        body=blob.body, status=status, content_type=blob.media_type, headers=headers
    )


async def _stream(request: web.Request, stream: EventStream, status: int) -> web.StreamResponse:
    response = web.StreamResponse(
        status=status, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )
    response.content_type = "text/event-stream"
    async with aclosing(stream.events) as events:  # type: ignore[type-var]
        first = await anext(events, None)
        await response.prepare(request)
        try:
            if first is not None:
                await _write(response, first.encoded())
                await _rest(response, events)
        except PiChatError as error:
            await _write(response, _failed(error).encoded())
        except Exception as error:
            if isinstance(error, ConnectionError | TimeoutError):
                raise
            log_id = new_id()
            log.exception("stream failed", log_id=log_id, path=request.path)
            await _write(response, _failed(PiChatError.unexpected(log_id)).encoded())
    await response.write_eof()
    return response


async def _rest(response: web.StreamResponse, events: AsyncIterator[ServerEvent]) -> None:
    """The other events as they come, and a comment when none does for long, by which a client that
    has gone is noticed."""
    upcoming = asyncio.ensure_future(anext(events, None))
    try:
        while True:
            done, _ = await asyncio.wait({upcoming}, timeout=KEEP_ALIVE_S)
            if not done:
                await _write(response, _STILL_HERE)
                continue
            event = upcoming.result()
            if event is None:
                return
            await _write(response, event.encoded())
            upcoming = asyncio.ensure_future(anext(events, None))
    finally:
        upcoming.cancel()
        await asyncio.gather(upcoming, return_exceptions=True)


async def _write(response: web.StreamResponse, piece: bytes) -> None:
    async with asyncio.timeout(PATIENCE_S):
        await response.write(piece)


def _failed(error: PiChatError) -> ServerEvent:
    body = {"error": {"message": error.sentence, "code": error.code, "type": error.code}}
    return ServerEvent(event="error", data=bytes(raw_json(body)))
