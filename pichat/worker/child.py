"""The daemon's end of one child process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections import deque
from pathlib import Path

import structlog

from pichat.worker.messages import HEAD, FromChild, ToChild, Wire, frame
from pichat.worker.settle import environment

log = structlog.get_logger(__name__)

ROOT = Path(__file__).parents[2]
END_S = 1.0
COMPLAINTS = 8
_LONGEST_LINE = 300


class ChildEndedError(Exception):
    """The child is gone, or talks nonsense."""


class Child:
    """A running process. Everything that is awaited here may be cancelled only when the child is
    killed afterwards, since a message may then be half sent or half read."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._process = process
        self._signals = os.pidfd_open(process.pid)
        self._reader = reader
        self._writer = writer
        self._wire: Wire[FromChild] = Wire(FromChild)
        self._complaints: deque[str] = deque(maxlen=COMPLAINTS)
        self._listening = asyncio.create_task(self._listen())
        self._watching = asyncio.create_task(self._watch())

    @classmethod
    async def start(cls) -> Child:
        """Raises OSError when no process can be started."""
        ours, theirs = socket.socketpair()
        with theirs:
            reader, writer = await asyncio.open_unix_connection(sock=ours)
            try:
                process = await _spawn(theirs.fileno())
            except BaseException:
                writer.close()
                raise
        return cls(process, reader, writer)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> bool:
        return self._process.returncode is not None

    @property
    def ending(self) -> str:
        """How it ended, for the log and for the owner."""
        code = self._process.returncode
        if code is None:
            return "it is still running"
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    async def send(self, message: ToChild) -> None:
        """Returns when the child took it. Raises ChildEndedError."""
        self._complaints.clear()
        self.post(message)
        try:
            await self._writer.drain()
        except OSError as error:
            raise ChildEndedError from error

    def post(self, message: ToChild) -> None:
        """Does not wait for the child, which may be hanging."""
        self._writer.write(frame(message))

    async def receive(self) -> FromChild:
        """The next message. Raises ChildEndedError."""
        try:
            head = await self._reader.readexactly(HEAD.size)
            body = await self._reader.readexactly(self._wire.length(head))
            return self._wire.message(body)
        except (EOFError, OSError, ValueError) as error:
            raise ChildEndedError from error

    async def end(self) -> None:
        """Ends it by hanging up, and insists after END_S. Does nothing when it is gone."""
        self._writer.close()
        try:
            async with asyncio.timeout(END_S):
                await asyncio.shield(self._watching)
        except TimeoutError:
            pass
        finally:
            await self.kill()

    async def kill(self) -> None:
        """Ends it now. Does nothing when it is gone."""
        if not self.ended:
            with contextlib.suppress(ProcessLookupError):
                # Not Process.kill: it polls, which takes the exit code away from asyncio.
                signal.pidfd_send_signal(self._signals, signal.SIGKILL)
        self._writer.close()
        await asyncio.shield(self._watching)
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    def complain(self) -> None:
        """Log what it said last: it ended unasked."""
        log.warning("worker ended", pid=self.pid, how=self.ending, said=list(self._complaints))

    async def _watch(self) -> None:
        await self._process.wait()
        os.close(self._signals)
        await self._listening

    async def _listen(self) -> None:
        """Its prints and complaints go to the log; the pipe never fills."""
        output = self._process.stdout
        while output is not None and (line := await _line(output)) is not None:
            if line:
                self._complaints.append(line)
                log.debug("worker says", pid=self.pid, line=line)


async def _spawn(link: int) -> asyncio.subprocess.Process:
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    python_path = os.pathsep.join(path for path in paths if path)
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pichat.worker", str(link), str(os.getpid())),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **environment(), "PYTHONPATH": python_path},
        pass_fds=(link,),
        process_group=0,
    )


async def _line(output: asyncio.StreamReader) -> str | None:
    """The next line; "" for one that is too long to be of use; None at the end."""
    try:
        line = await output.readline()
    except ValueError:
        return ""
    return line.decode("utf-8", "replace").strip()[:_LONGEST_LINE] if line else None
