"""The child: `python -m pichat.worker FD PARENT_PID`, where FD is its end of the socket.

A thread reads, so that a request can be cancelled, and the parent's end be noticed, while the
main thread computes.
"""

import logging
import os
import socket
import sys
from contextlib import closing
from importlib import import_module
from queue import SimpleQueue
from threading import Lock, Thread
from typing import BinaryIO, cast

import msgspec

from pichat.errors import PiChatError
from pichat.worker.job import Job, JobFile
from pichat.worker.messages import (
    HEAD,
    Cancel,
    Done,
    Failed,
    FromChild,
    Load,
    Loaded,
    Loading,
    Piece,
    Run,
    ToChild,
    Wire,
    frame,
)
from pichat.worker.settle import settle


class Servant:
    """Loads what it is told to, and answers until the parent goes away, which ends the process."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._sending = Lock()
        # At most one: the parent sends the next request when the last one is done.
        self._requests: SimpleQueue[Load | Run] = SimpleQueue()
        self._cancelled = -1

    def serve(self) -> None:
        Thread(target=self._read, args=(self._link.makefile("rb"),), daemon=True).start()
        order = self._requests.get()
        if not isinstance(order, Load):
            raise TypeError("nothing was loaded")
        file = cast("JobFile", import_module(order.job))
        job = self._load(file, order)
        while job is not None:
            run = self._requests.get()
            if isinstance(run, Run):
                self._run(file, job, run)

    def _load(self, file: JobFile, order: Load) -> Job | None:
        try:
            settings = msgspec.convert(order.settings, file.Settings)
            job = file.load(settings, lambda done: self._send(Loading(done)))
        except PiChatError as error:
            self._send(Failed(None, error.code, error.sentence))
            return None
        except Exception as error:  # the owner's boundary: the parent hears of it, and ends this
            logging.exception("loading failed")
            self._send(Failed(None, None, type(error).__name__))
            return None
        self._send(Loaded())
        return job

    def _run(self, file: JobFile, job: Job, run: Run) -> None:
        def cancelled() -> bool:
            return self._cancelled == run.number

        try:
            request = msgspec.convert(run.request, file.Request)
            with closing(job.run(request, cancelled)) as pieces:
                for item in pieces:
                    if cancelled():
                        break
                    self._send(Piece(run.number, item))
        except PiChatError as error:
            self._send(Failed(run.number, error.code, error.sentence))
        except Exception as error:  # the owner's boundary: a job that fails ends its request only
            logging.exception("request failed")
            self._send(Failed(run.number, None, type(error).__name__))
        else:
            self._send(Done(run.number))

    def _send(self, message: FromChild) -> None:
        sent = frame(message)
        with self._sending:
            try:
                self._link.sendall(sent)
            except OSError:
                os._exit(0)  # nobody is there any more

    def _read(self, link: BinaryIO) -> None:
        wire: Wire[ToChild] = Wire(ToChild)
        try:
            while len(head := link.read(HEAD.size)) == HEAD.size:
                message = wire.message(link.read(wire.length(head)))
                if isinstance(message, Cancel):
                    self._cancelled = message.number
                else:
                    self._requests.put(message)
        finally:
            os._exit(0)  # the parent is gone: at once, whatever is being computed


def main() -> None:
    settle(parent_pid=int(sys.argv[2]))
    Servant(socket.socket(fileno=int(sys.argv[1]))).serve()


if __name__ == "__main__":
    main()
