"""Where the host plugs in: a pseudo-terminal or a TCP port.

A port drops what is written while no host has it open, as a USB serial port does; without that the
next host would read the leavings of the last one.
"""

from __future__ import annotations

import asyncio
import os
import select
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

BUFFER_BYTES = 65536
LOOK_FOR_HOST_S = 0.02


class Port(Protocol):
    """`path` is what a host opens. `received` and `detached` are called in the event loop."""

    path: str

    async def open(self) -> None: ...
    async def close(self) -> None: ...
    def write(self, data: bytes) -> None: ...


class PtyPort:
    """A pseudo-terminal; `link`, when given, is a symbolic link to it that survives re-plugging."""

    def __init__(
        self,
        received: Callable[[bytes], None],
        detached: Callable[[], None],
        link: Path | None = None,
    ) -> None:
        self._received = received
        self._detached = detached
        self._link = link
        self._loop = asyncio.get_running_loop()
        self._fd = -1
        self._attached = False
        self._pending = bytearray()
        self._timer: asyncio.TimerHandle | None = None
        self.path = ""

    async def open(self) -> None:
        """Raises OSError; FileExistsError when something else than an old link has the name."""
        if self._link is not None and self._link.is_symlink():
            self._link.unlink()
        self._fd, slave = os.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        os.close(slave)
        os.set_blocking(self._fd, False)
        if self._link is not None:
            self._link.symlink_to(self.path)
            self.path = str(self._link)
        self._look_for_host()

    async def close(self) -> None:
        if self._fd < 0:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._release()
        os.close(self._fd)
        self._fd = -1
        if self._link is not None:
            self._link.unlink(missing_ok=True)

    def write(self, data: bytes) -> None:
        if not self._attached:
            return
        if not self._pending:
            data = data[self._try_write(data) :]
        if data and len(self._pending) + len(data) <= BUFFER_BYTES:
            if not self._pending:
                self._loop.add_writer(self._fd, self._drain)
            self._pending += data

    def _try_write(self, data: bytes) -> int:
        try:
            return os.write(self._fd, data)
        except BlockingIOError:
            return 0
        except OSError:  # the host hung up: reading will find out
            return len(data)

    def _drain(self) -> None:
        del self._pending[: self._try_write(bytes(self._pending))]
        if not self._pending:
            self._loop.remove_writer(self._fd)

    def _look_for_host(self) -> None:
        """Nobody is told that a pseudo-terminal was opened; while closed it polls as hung up."""
        poller = select.poll()
        poller.register(self._fd, select.POLLIN)
        hung_up = any(event & select.POLLHUP for _, event in poller.poll(0))
        if hung_up:
            self._timer = self._loop.call_later(LOOK_FOR_HOST_S, self._look_for_host)
            return
        self._attached = True
        self._loop.add_reader(self._fd, self._read)

    def _read(self) -> None:
        try:
            data = os.read(self._fd, 4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._received(data)
            return
        self._release()
        self._detached()
        self._look_for_host()

    def _release(self) -> None:
        self._attached = False
        self._pending.clear()
        self._loop.remove_reader(self._fd)
        self._loop.remove_writer(self._fd)


class TcpPort:
    """A listening loopback port; a new connection replaces the one before."""

    def __init__(
        self, received: Callable[[bytes], None], detached: Callable[[], None], port: int
    ) -> None:
        self._received = received
        self._detached = detached
        self._port = port
        self._server: asyncio.Server | None = None
        self._writer: asyncio.StreamWriter | None = None
        self.path = ""

    async def open(self) -> None:
        """Raises OSError when the port is taken; port 0 takes a free one."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        self.path = f"socket://127.0.0.1:{self._port}"

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        if self._writer is not None:
            self._writer.transport.abort()
            self._writer = None
        if self._server is not None:
            await self._server.wait_closed()
            self._server = None

    def write(self, data: bytes) -> None:
        writer = self._writer
        if writer is not None and writer.transport.get_write_buffer_size() < BUFFER_BYTES:
            writer.write(data)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._writer is not None:
            self._writer.transport.abort()
            self._detached()
        self._writer = writer
        try:
            while data := await reader.read(4096):
                if self._writer is not writer:
                    break
                self._received(data)
        except (ConnectionError, asyncio.CancelledError):  # asyncio logs a cancelled one as failed
            pass
        finally:
            writer.transport.abort()
            if self._writer is writer:
                self._writer = None
                self._detached()
