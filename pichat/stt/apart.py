"""A recogniser in a process of its own.

Decoders hold Python's lock while they think, some for a tenth of a second at an utterance's end, on
a Pi for longer: long enough for the sound card to run dry and for the radio to wait. In another
process they hold up nobody, and one that crashes costs one utterance.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec

from pichat.errors import UnavailableError
from pichat.stt.base import Vocabulary, open_recogniser

READY, REFUSED = b"+", b"-"
_PATIENCE_S = 10.0
_END_S = 2.0


class Apart:
    """Implements Recogniser with `engine` in a child process, which ends with this one. Opening
    blocks until it is ready. Every call raises UnavailableError when the child is gone or hangs."""

    def __init__(self, engine: str, vocabulary: Vocabulary) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            files = (str(vocabulary.language_model), str(vocabulary.dictionary))
            command = (sys.executable, "-m", __name__, str(theirs.fileno()), engine, *files)
            # A group of its own: Ctrl-C in the terminal is the daemon's affair.
            self._child = subprocess.Popen(
                command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, process_group=0
            )
        self._link = Connection(ours.detach())
        try:
            answer = self._receive()
        except UnavailableError:
            self.close()
            raise
        if answer[:1] != READY:
            self.close()
            raise UnavailableError(answer[1:].decode())

    @property
    def pid(self) -> int:
        return self._child.pid

    def begin(self) -> None:
        """See Recogniser."""
        self._send(b"b")

    def feed(self, pcm: bytes) -> None:
        """See Recogniser."""
        self._send(b"f" + pcm)

    def drop(self) -> None:
        """See Recogniser."""
        self._send(b"d")

    def partial(self) -> str:
        """See Recogniser."""
        self._send(b"p")
        return self._receive().decode()

    def so_far(self) -> tuple[str, ...]:
        """See Recogniser."""
        return self._candidates(b"s")

    def finish(self) -> tuple[str, ...]:
        """See Recogniser."""
        return self._candidates(b"e")

    def close(self) -> None:
        """See Recogniser."""
        self._link.close()  # which ends it
        try:
            self._child.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def _candidates(self, question: bytes) -> tuple[str, ...]:
        self._send(question)
        return msgspec.json.decode(self._receive(), type=tuple[str, ...])

    def _send(self, message: bytes) -> None:
        try:
            self._link.send_bytes(message)
        except OSError as error:
            raise UnavailableError("The speech recogniser has ended unexpectedly.") from error

    def _receive(self) -> bytes:
        try:
            if self._link.poll(_PATIENCE_S):
                return self._link.recv_bytes()
        except (EOFError, OSError) as error:
            raise UnavailableError("The speech recogniser has ended unexpectedly.") from error
        self._child.kill()
        raise UnavailableError("The speech recogniser does not answer any more.")


def serve(link: Connection, engine: str, vocabulary: Vocabulary) -> None:
    """The child: answer until the parent is gone."""
    try:
        recogniser = open_recogniser(engine, vocabulary)
    except UnavailableError as error:
        link.send_bytes(REFUSED + error.sentence.encode())
        return
    link.send_bytes(READY)
    while True:
        message = link.recv_bytes()
        match message[:1]:
            case b"b":
                recogniser.begin()
            case b"f":
                recogniser.feed(message[1:])
            case b"d":
                recogniser.drop()
            case b"p":
                link.send_bytes(recogniser.partial().encode())
            case b"s":
                link.send_bytes(msgspec.json.encode(recogniser.so_far()))
            case b"e":
                link.send_bytes(msgspec.json.encode(recogniser.finish()))


def main(descriptor: str, engine: str, language_model: str, dictionary: str) -> None:
    vocabulary = Vocabulary(language_model=Path(language_model), dictionary=Path(dictionary))
    with contextlib.suppress(EOFError, ConnectionError):
        serve(Connection(int(descriptor)), engine, vocabulary)
    # Not the usual way out: a decoder takes its time to free what the system takes back at once.
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
