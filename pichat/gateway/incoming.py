"""One TCP connection, from its first byte: what may come before anybody knows who sends it."""

import asyncio
from collections.abc import Callable

import structlog
from aiohttp import web
from aiohttp.web_request import BaseRequest

from pichat.errors import BadRequestError, PiChatError, UnavailableError
from pichat.gateway.failures import failure
from pichat.gateway.headers import add_headers
from pichat.gateway.protocol import new_id

log = structlog.get_logger(__name__)

MAX_HEADERS = 64
MAX_LINE_BYTES = 8190
# A request that was refused before its body was read: for so long the rest is read and dropped, so
# that the client sees the answer.
LINGERING_S = 2.0


class Incoming(web.RequestHandler):
    """Serves HTTP, and the WebSocket that comes of it. The timeout of keep-alive is armed when a
    client connects and after each answer, so it also ends a header that never ends. A client that
    reads nothing at all of what waits for it for `unread_patience_s` is disconnected."""

    __slots__ = (
        "_excess",
        "_may_send_bytes",
        "_unread_bytes",
        "_unread_patience_s",
        "_watching",
    )

    def __init__(
        self,
        server: web.Server,
        *,
        loop: asyncio.AbstractEventLoop,
        header_timeout_s: float,
        unread_patience_s: float,
    ) -> None:
        super().__init__(
            server,
            loop=loop,
            keepalive_timeout=header_timeout_s,
            access_log=None,  # type: ignore[arg-type]  # None is for none
            max_line_size=MAX_LINE_BYTES,
            max_field_size=MAX_LINE_BYTES,
            max_headers=MAX_HEADERS,
            lingering_time=LINGERING_S,
        )
        self._may_send_bytes: int | None = None
        self._excess: Callable[[], None] | None = None
        self._unread_patience_s = unread_patience_s
        self._watching: asyncio.TimerHandle | None = None
        self._unread_bytes = 0

    def allow(self, most_bytes: int | None, excess: Callable[[], None] | None = None) -> None:
        """A WebSocket may send so many bytes from now on, or as many as it likes. What is more is
        dropped, and `excess` called once."""
        self._may_send_bytes = most_bytes
        self._excess = excess

    def data_received(self, data: bytes) -> None:
        if self._may_send_bytes is not None:
            self._may_send_bytes -= len(data)
            if self._may_send_bytes < 0:
                excess, self._excess = self._excess, None
                if excess is not None:
                    excess()
                return
        super().data_received(data)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._end_watch()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._end_watch()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self.transport is not None:
            self._unread_bytes = self.transport.get_write_buffer_size()
            self._watching = self._loop.call_later(self._unread_patience_s, self._look)

    def _look(self) -> None:
        """A slow client is one that reads; more may have been written meanwhile."""
        if self.transport is None:
            return
        if self.transport.get_write_buffer_size() < self._unread_bytes:
            self._watch()
            return
        peer = self.transport.get_extra_info("peername")
        log.info("client disconnected", reason="did not read for long", remote=peer)
        self.transport.abort()

    def _end_watch(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            self._watching = None

    def handle_error(
        self,
        request: BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002  (aiohttp's: has the bytes that were sent)
    ) -> web.StreamResponse:
        """The answer to what is no request, or could not be answered. What was sent may hold
        secrets: it is neither told back nor logged."""
        if request.writer.output_size > 0:
            raise ConnectionError("the answer has begun")
        if status == 400:
            error: PiChatError = BadRequestError("That is no HTTP request that can be read.")
        elif status == 504:
            error = UnavailableError("It took too long.")
        else:
            log_id = new_id()
            log.error("request failed", log_id=log_id, exc_info=exc)
            error = PiChatError.unexpected(log_id)
        response = failure(error, status)
        add_headers(response.headers)
        response.force_close()
        return response
