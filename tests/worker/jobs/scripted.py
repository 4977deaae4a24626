"""A model that does what it is told, well or badly."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Generator

import msgspec

from pichat.errors import UnsupportedError
from pichat.worker.job import Cancelled, Progress

BIG = 1000


class Settings(msgspec.Struct, frozen=True):
    on_load: str = ""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    do: str = "count"
    times: int = 1
    sound: bytes = b""


class Scripted:
    """Implements Job."""

    def run(self, request: Request, cancelled: Cancelled) -> Generator[object, None, None]:
        if request.do == "count":
            yield from range(request.times)
        elif request.do == "echo":
            yield request.sound
        elif request.do == "spin":
            yield os.getpid()
            while not cancelled():
                pass
        elif request.do == "flood":
            while True:
                yield bytes(BIG)
        elif request.do == "ignore me":
            yield os.getpid()
            threading.Event().wait()
        elif request.do == "hold the interpreter":
            yield os.getpid()
            ctypes.PyDLL(None).sleep(600)  # as native code does that forgets to let go of it
        elif request.do == "refuse":
            raise UnsupportedError("It knows no such thing.")
        else:
            misbehave(request.do)
        yield "end"


def misbehave(how: str) -> None:
    if how == "crash":
        ctypes.string_at(0)
    elif how == "nonsense":
        for fd in range(3, 64):
            try:
                os.write(fd, b"\xff" * 8)
            except OSError:
                continue
        threading.Event().wait()
    elif how == "hang":
        threading.Event().wait()
    elif how == "raise":
        print("a line on standard output")  # it must not disturb the messages
        raise RuntimeError("the house is on fire")


def load(settings: Settings, progress: Progress) -> Scripted:
    progress(0.5)
    if settings.on_load == "refuse":
        raise UnsupportedError("It is the wrong kind of file.")
    misbehave(settings.on_load)
    progress(1.0)
    return Scripted()
