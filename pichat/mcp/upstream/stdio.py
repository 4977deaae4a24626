"""A server that is a program of this machine: one message in each line of its input and output."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Self, cast

import anyio
import msgspec
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from pichat.config.types import McpServer
from pichat.mcp.upstream.limits import Limits, Throttle
from pichat.mcp.upstream.muttering import Muttering
from pichat.mcp.upstream.warden import Warden

_HANDED_ON = (
    *("HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ", "USER"),
    *("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"),
)
"""Of the daemon's environment. The rest may hold keys that are none of a server's business."""

_LINES = 64  # that wait to be read; then the program has to wait
_LAST_WORDS_S = 0.2


class Program(asyncio.SubprocessProtocol):
    """Both streams of the SDK, and the process. `ending`: how it ended, a sentence."""

    def __init__(self, limits: Limits, muttering: Muttering) -> None:
        self._limits = limits
        self._muttering = muttering
        self._loop = asyncio.get_running_loop()
        self._lines: deque[bytes] = deque()
        self._rest = bytearray()
        self._ready = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._throttles = {
            1: Throttle(limits.bytes_per_s, limits.bytes_at_once),
            2: Throttle(limits.bytes_per_s / 4, limits.bytes_per_s),
        }
        self._paused: set[int] = set()
        self._over = False
        self._silent = False
        self.exited = asyncio.Event()
        self.ending = ""
        self.process: asyncio.SubprocessTransport | None = None

    # --- what asyncio tells ----------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.process = cast("asyncio.SubprocessTransport", transport)

    def pipe_data_received(self, fd: int, data: bytes | str) -> None:
        data = cast("bytes", data)
        if fd == 1:
            self._take(data)
        else:
            self._muttering.hear(data)
        wait_s = self._throttles[fd].take(len(data), self._loop.time())
        if wait_s > 0:
            self._pause(fd)
            self._loop.call_later(wait_s, self._resume, fd)
        elif fd == 1 and len(self._lines) > _LINES:
            self._pause(fd)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:  # noqa: ARG002
        if fd == 1:
            self._silent = True
            self._end_soon("It closed its output.")
        elif fd == 0:
            self._end_soon("It closed its input.")

    def process_exited(self) -> None:
        self.exited.set()
        self._end_soon("")

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    # --- the SDK's ReadStream and WriteStream ----------------------------------------------

    async def receive(self) -> SessionMessage | Exception:
        try:
            return await self.__anext__()
        except StopAsyncIteration:
            raise anyio.EndOfStream from None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        while not self._lines:
            if self._over:
                raise StopAsyncIteration
            self._resume(1)
            self._ready.clear()
            await self._ready.wait()
        line = self._lines.popleft()
        try:
            # In two steps: pydantic's own parser gives up on what is nested deeply, all of it.
            message = msgspec.json.decode(line)
            return SessionMessage(jsonrpc_message_adapter.validate_python(message, by_name=False))
        except (
            ValueError,
            RecursionError,
        ) as error:  # a program that prints where it should not; many do
            self._muttering.stray(line)
            return error

    async def send(self, item: SessionMessage) -> None:
        await self._writable.wait()
        pipe = self._pipe(0)
        if self._over or pipe is None or pipe.is_closing():
            raise anyio.BrokenResourceError
        text = item.message.model_dump_json(by_alias=True, exclude_unset=True)
        cast("asyncio.WriteTransport", pipe).write(f"{text}\n".encode())

    async def aclose(self) -> None:
        """Nothing: the process is ended by who has started it."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *failure: object) -> None:
        return None

    # ---------------------------------------------------------------------------------------

    def _take(self, data: bytes) -> None:
        whole: list[bytearray] = []
        if b"\n" in data:
            *whole, self._rest = (self._rest + data).split(b"\n")
        else:
            self._rest += data
        if len(self._rest) > self._limits.message_bytes:
            megabytes = self._limits.message_bytes / 1024**2
            self._rest.clear()
            self._end(f"It sent a message of more than {megabytes:g} MB.")
        self._lines.extend(bytes(line) for line in whole if line.strip())
        if whole:
            self._ready.set()

    def _end_soon(self, ending: str) -> None:
        """What it had written is still read, and how it ended is waited for; but a program that it
        has started may hold its output open, and that does not count."""
        if self._silent and self.exited.is_set():
            self._end(ending)
        else:
            self._loop.call_later(_LAST_WORDS_S, self._end, ending)

    def _end(self, ending: str) -> None:
        self.ending = self.ending or (self._how() if self.exited.is_set() else ending)
        self._over = True
        self._ready.set()
        self._writable.set()

    def _how(self) -> str:
        code = self.process.get_returncode() if self.process else None
        if code is None:
            return "Its program ended."
        if code < 0:
            return f"Its program was ended by signal {-code}."
        return f"Its program ended with code {code}."

    def _pipe(self, fd: int) -> asyncio.BaseTransport | None:
        return self.process.get_pipe_transport(fd) if self.process else None

    def _pause(self, fd: int) -> None:
        pipe = self._pipe(fd)
        if pipe is not None and fd not in self._paused and not pipe.is_closing():
            self._paused.add(fd)
            cast("asyncio.ReadTransport", pipe).pause_reading()

    def _resume(self, fd: int) -> None:
        pipe = self._pipe(fd)
        if pipe is not None and fd in self._paused and not pipe.is_closing():
            if self._throttles[fd].take(0, self._loop.time()) > 0:
                return  # somebody else's timer does it
            self._paused.discard(fd)
            cast("asyncio.ReadTransport", pipe).resume_reading()

    async def stop(self) -> None:
        """Ends it and all that it has started: first by hanging up, then with signals."""
        process = self.process
        if process is None:
            return
        group = process.get_pid()
        try:
            pipe = self._pipe(0)
            if pipe is not None:
                pipe.close()
            self._pause(2)
            if not await self._exits():
                _kill(group, signal.SIGTERM)
                await self._exits()
        finally:
            _kill(group, signal.SIGKILL)
            await self._exits()
            process.close()

    async def _exits(self) -> bool:
        try:
            async with asyncio.timeout(self._limits.end_s):
                await self.exited.wait()
        except TimeoutError:
            return False
        return True


def _kill(group: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


@asynccontextmanager
async def program(
    settings: McpServer, limits: Limits, warden: Warden, muttering: Muttering
) -> AsyncIterator[tuple[Any, Any]]:
    """Starts it, and ends it with all that it has started, whatever happens. Raises OSError."""
    environment = {name: os.environ[name] for name in _HANDED_ON if name in os.environ}
    environment.update((name, secret.value) for name, secret in settings.env.items())
    loop = asyncio.get_running_loop()
    process, running = await loop.subprocess_exec(
        lambda: Program(limits, muttering),
        *settings.command,
        env=environment,
        cwd=settings.folder,
        start_new_session=True,
    )
    group = process.get_pid()
    warden.watch(group)
    try:
        yield running, running
    finally:
        stopping = asyncio.create_task(running.stop(), name="mcp ends a program")
        try:
            await _whatever_happens(stopping)
        finally:
            warden.forget(group)


async def _whatever_happens(task: asyncio.Task[None]) -> None:
    """Wait for it, also while being cancelled."""
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
