"""Bytes over a plain connection, as no well-behaved client sends them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from tests.gateway.screen import DEADLINE_S

UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)


def port_of(url: str) -> int:
    return int(url.rsplit(":", 1)[1])


class Wire:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def head(self, deadline_s: float = DEADLINE_S) -> tuple[int, dict[str, str]]:
        """The status and the headers of an answer, their names in lower case."""
        async with asyncio.timeout(deadline_s):
            text = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = text.strip().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        return int(first.split(" ")[1]), {name.lower(): value for name, value in headers.items()}

    async def answer(self) -> tuple[int, dict[str, str], str]:
        """A whole answer that tells its length."""
        status, headers = await self.head()
        async with asyncio.timeout(DEADLINE_S):
            body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return status, headers, body.decode()

    async def ended(self) -> bytes:
        """What comes until the other side closes."""
        async with asyncio.timeout(DEADLINE_S):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""


@asynccontextmanager
async def plain(url: str, local: str = "127.0.0.1") -> AsyncIterator[Wire]:
    """`local`: the address to come from; every 127.x.y.z is one of this machine."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(url), local_addr=(local, 0))
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def ask(
    url: str, request: bytes, local: str = "127.0.0.1"
) -> tuple[int, dict[str, str], str]:
    async with plain(url, local) as wire:
        wire.send(request)
        return await wire.answer()
