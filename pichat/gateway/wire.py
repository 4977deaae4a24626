"""What is written to one client. A frame goes straight to the transport: built once, it can go to
many, and nothing is written behind the end of a connection.

The transport's own buffer is the client's queue, bounded in bytes.
"""

import asyncio
import struct
from socket import SO_SNDBUF, SOL_SOCKET
from typing import Any

import structlog
from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from pichat.gateway.context import ClientGoneError

log = structlog.get_logger(__name__)

MAX_UNREAD_BYTES = 1024 * 1024
UNREAD_PATIENCE_S = 10.0
# The kernel would keep 4 MB for one that does not read, before we even hear of it.
_KERNEL_BYTES = 128 * 1024

_TEXT, _BINARY = 0x81, 0x82  # the first byte of a frame that is whole and not compressed
_SHORT, _LONG = 126, 1 << 16
_head_16, _head_64 = struct.Struct("!BBH").pack, struct.Struct("!BBQ").pack


def text_frame(payload: bytes) -> bytes:
    """A WebSocket frame with UTF-8 text, as it is written."""
    length = len(payload)
    if _SHORT <= length < _LONG:  # as nearly all are
        return _head_16(_TEXT, _SHORT, length) + payload
    return _head(_TEXT, length) + payload


def binary_frame(payload: bytes) -> bytes:
    """A WebSocket frame with any bytes, as it is written."""
    return _head(_BINARY, len(payload)) + payload


def _head(first: int, length: int) -> bytes:
    if length < _SHORT:
        return bytes((first, length))
    if length < _LONG:
        return _head_16(first, _SHORT, length)
    return _head_64(first, 127, length)


class Wire:
    """`socket` is prepared without compression: `request` and `writer` are from there."""

    __slots__ = ("_protocol", "_socket", "_transport", "_writer")

    def __init__(
        self,
        socket: "web.WebSocketResponse[Any]",
        request: web.Request,
        writer: AbstractStreamWriter,
    ) -> None:
        if request.transport is None:
            raise ConnectionResetError("the client has gone")
        connection = request.transport.get_extra_info("socket")
        connection.setsockopt(SOL_SOCKET, SO_SNDBUF, _KERNEL_BYTES)
        self._socket = socket
        self._protocol = request.protocol
        self._transport = request.transport
        self._writer = writer

    @property
    def behind(self) -> bool:
        """Whether the client has much to read."""
        return self._protocol.writing_paused

    async def send(self, frames: bytes) -> None:
        """Write, and then wait while the client leaves much unread. Raises ClientGoneError, also
        for one that did not read for long and was disconnected."""
        # Several requests may write at once; what waits is never more than that and one of them.
        while self._transport.get_write_buffer_size() > MAX_UNREAD_BYTES:
            await self._until_read()
        self._write(frames)
        if self._protocol.writing_paused:
            await self._until_read()

    def post(self, frames: bytes) -> None:
        """Write without waiting. Raises ClientGoneError, also for one that left too much unread
        and was disconnected."""
        transport = self._transport
        if self._protocol.writing_paused and transport.get_write_buffer_size() > MAX_UNREAD_BYTES:
            self.drop("left too much unread")
            raise ClientGoneError
        self._write(frames)

    def drop(self, reason: str) -> None:
        """Cut the connection now, without waiting for the client to agree."""
        peer = self._transport.get_extra_info("peername")
        log.info("client disconnected", reason=reason, remote=peer)
        self._transport.abort()

    def _write(self, frames: bytes) -> None:
        # Behind the frame that closes a connection comes nothing.
        if self._socket.closed or self._transport.is_closing():
            raise ClientGoneError
        self._transport.write(frames)

    async def _until_read(self) -> None:
        try:
            async with asyncio.timeout(UNREAD_PATIENCE_S):
                await self._writer.drain()
        except TimeoutError:
            self.drop("did not read for long")
            raise ClientGoneError from None
        except ConnectionError as error:
            raise ClientGoneError from error
