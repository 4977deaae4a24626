"""A process for a decoder, which ends with this one.

Decoders hold Python's lock while they think, some for a tenth of a second, on a Pi for longer: long
enough for the sound card to run dry and for the radio to wait. In another process they hold up
nobody, and one that crashes costs one utterance.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection

from pichat.errors import PiChatError, UnavailableError

_READY, _REFUSED = b"+", b"-"
_PATIENCE_S = 10.0
_END_S = 2.0

Answer = Callable[[bytes], bytes | None]
"""The child's side: what to reply to a message, None for nothing."""


class Child:
    """Runs `python -m module descriptor arguments…`, whose main calls `serve_child`. Messages are
    bytes; every call raises UnavailableError when the child is gone or hangs. Opening blocks until
    it is ready, or raises what it could not do."""

    def __init__(self, module: str, *arguments: str) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            command = (sys.executable, "-m", module, str(theirs.fileno()), *arguments)
            # A group of its own: Ctrl-C in the terminal is the daemon's affair.
            self._process = subprocess.Popen(
                command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, process_group=0
            )
        self._link = Connection(ours.detach())
        try:
            answer = self.receive()
        except UnavailableError:
            self.close()
            raise
        if answer[:1] != _READY:
            self.close()
            raise UnavailableError(answer[1:].decode())

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, message: bytes) -> None:
        """Does not wait for the child to take it, as long as it is not far behind."""
        try:
            self._link.send_bytes(message)
        except OSError as error:
            raise _gone() from error

    def receive(self) -> bytes:
        """The next reply, which has been asked for."""
        try:
            if self._link.poll(_PATIENCE_S):
                return self._link.recv_bytes()
        except (EOFError, OSError) as error:
            raise _gone() from error
        self._process.kill()
        raise UnavailableError("The speech recogniser does not answer any more.")

    def received(self) -> bytes | None:
        """A reply, if there is one."""
        try:
            return self._link.recv_bytes() if self._link.poll() else None
        except (EOFError, OSError) as error:
            raise _gone() from error

    def close(self) -> None:
        """End it."""
        self._link.close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def serve_child(descriptor: str, make: Callable[[], Answer]) -> None:
    """The child: answer until the parent is gone."""
    link = Connection(int(descriptor))
    with contextlib.suppress(EOFError, ConnectionError):
        try:
            answer = make()
        except PiChatError as error:
            link.send_bytes(_REFUSED + error.sentence.encode())
        else:
            link.send_bytes(_READY)
            while True:
                reply = answer(link.recv_bytes())
                if reply is not None:
                    link.send_bytes(reply)
    # Not the usual way out: a decoder takes its time to free what the system takes back at once.
    os._exit(0)


def _gone() -> UnavailableError:
    return UnavailableError("The speech recogniser has ended unexpectedly.")
