"""Other programs are quieter while PiChat hears and speaks, where PulseAudio or PipeWire run."""

from __future__ import annotations

import asyncio
import importlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import structlog

log = structlog.get_logger(__name__)
_CONNECT_S = 2.0
_JOIN_S = 2.0
_NO_CLIENT = 0xFFFFFFFF  # a stream of the server's own, such as a line that it passes on
_FULL = 0x10000  # PA_VOLUME_NORM
_RESTORE_ID = "module-stream-restore.id"


class Ducked(msgspec.Struct, frozen=True):
    """A stream that was made quieter. Volumes as the server counts them, one for each channel.
    `rule` is where PulseAudio keeps the volume for the program's next stream, if it does."""

    index: int
    pid: str
    rule: str
    before: list[int]
    after: list[int]


class Ducking:
    """Turns the playback of other programs down to `duck_to` of their volume, as mixers show it;
    only what comes out of the speaker that PiChat uses, if it uses the sound server's.

    `duck` and `restore` are called on any thread and return at once; `serve` owns the thread
    that talks to the server and puts everything back when it is cancelled. A stream whose volume
    somebody changed meanwhile is left as it is. `memory` is a file in which the volumes are kept
    while they are changed, so that the next start can put them back when PiChat was killed.
    Without a sound server all of this does nothing.
    """

    def __init__(self, duck_to: float, *, memory: Path | None = None, look_s: float = 0.5) -> None:
        self._duck_to = duck_to
        self._memory = memory
        self._look_s = look_s
        self._changed = threading.Condition()
        self._wanted = False
        self._ending = False
        # Only the thread touches this:
        self._ducked: dict[int, Ducked] = {}

    def duck(self) -> None:
        """Make the others quieter; those that begin to play later as well."""
        self._want(True)

    def restore(self) -> None:
        """Make them as loud as they were."""
        self._want(False)

    async def serve(self) -> None:
        """Until cancelled; then the volumes are restored, within two seconds."""
        self._ending = False
        # A daemon, so that a server that hangs cannot keep the process from ending.
        thread = threading.Thread(target=self._work, name="ducking", daemon=True)
        thread.start()
        try:
            await asyncio.Event().wait()
        finally:
            with self._changed:
                self._wanted, self._ending = False, True
                self._changed.notify_all()
            await asyncio.to_thread(thread.join, _JOIN_S)

    def _want(self, wanted: bool) -> None:
        with self._changed:
            self._wanted = wanted and self._duck_to < 1
            self._changed.notify_all()

    # --- the thread ----------------------------------------------------------------------------

    def _work(self) -> None:
        if self._duck_to < 1:
            # Now, while nothing is said: loading it holds up all threads, the speaker's among them,
            # which runs dry within 60 ms.
            with suppress(ImportError, OSError):
                _library()
        self._put_back_from_memory()
        while True:
            with self._changed:
                while not self._wanted and not self._ending:
                    self._changed.wait()
                if self._ending:
                    return
            with _server() as server:
                if server is not None:
                    self._while_wanted(server)
            self._ducked.clear()
            self._wait()  # without a server, or when it fails again and again

    def _while_wanted(self, server: Any) -> None:
        try:
            while self._is_wanted():
                self._duck(server)
                self._wait()
        finally:
            # Also when a single call failed; when the server has died this fails as well.
            self._restore(server)

    def _is_wanted(self) -> bool:
        with self._changed:
            return self._wanted

    def _wait(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._wanted, self._look_s)

    def _duck(self, server: Any) -> None:
        streams = {stream.index: stream for stream in server.sink_input_list()}
        for index in self._ducked.keys() - streams.keys():
            _mend_rule(server, self._ducked.pop(index))
        fresh = {index: one for index, one in streams.items() if index not in self._ducked}
        own = str(os.getpid())
        # What comes out of another speaker is in nobody's way.
        here = {stream.sink for stream in streams.values() if _pid(stream) == own}
        for index, stream in fresh.items():
            pid = _pid(stream)
            if pid == own or stream.client == _NO_CLIENT or (here and stream.sink not in here):
                continue
            before = _steps(stream)
            after = [round(step * self._duck_to) for step in before]
            rule = stream.proplist.get(_RESTORE_ID, "")
            self._ducked[index] = Ducked(index, pid, rule, before, after)
            self._remember()
            _set_volume(server, stream, after)

    def _restore(self, server: Any) -> None:
        streams = {stream.index: stream for stream in server.sink_input_list()}
        _put_back(server, streams, list(self._ducked.values()))
        self._ducked.clear()
        self._remember()

    def _remember(self) -> None:
        if self._memory is None:
            return
        try:
            if self._ducked:
                self._memory.write_bytes(msgspec.json.encode(list(self._ducked.values())))
            else:
                self._memory.unlink(missing_ok=True)
        except OSError as error:
            log.debug("volumes not kept", error=str(error))

    def _put_back_from_memory(self) -> None:
        if self._memory is None:
            return
        try:
            ducked = msgspec.json.decode(self._memory.read_bytes(), type=list[Ducked])
        except FileNotFoundError:
            return
        except (OSError, msgspec.DecodeError):
            ducked = []
        with _server() as server:
            if server is not None:
                _put_back(server, {one.index: one for one in server.sink_input_list()}, ducked)
        self._remember()


@contextmanager
def _server() -> Iterator[Any]:
    """A connection; None without a server. What fails on it ends the context: the server died,
    and its streams with it."""
    try:
        library = _library()
    except (ImportError, OSError):
        yield None
        return
    failures = (library.PulseError, library.PulseDisconnected)
    pulse = None
    try:
        pulse = library.Pulse("pichat-ducking", connect=False)
        pulse.connect(autospawn=False, timeout=_CONNECT_S)
    except failures as error:
        log.debug("no sound server", error=str(error))
        if pulse is not None:
            pulse.close()
        yield None
        return
    try:
        with suppress(*failures):
            yield pulse
    finally:
        with suppress(*failures):
            pulse.close()


def _library() -> Any:
    return importlib.import_module("pulsectl")  # 70 ms


def _put_back(server: Any, streams: dict[int, Any], ducked: list[Ducked]) -> None:
    for one in ducked:
        stream = streams.get(one.index)
        if stream is None or _pid(stream) != one.pid:
            _mend_rule(server, one)
        elif _steps(stream) == one.after:
            _set_volume(server, stream, one.before)


def _mend_rule(server: Any, one: Ducked) -> None:
    """A stream that ended while it was quiet must not make the program's next one quiet."""
    if not one.rule:
        return
    try:
        for rule in server.stream_restore_list():
            if rule.name == one.rule and _steps(rule) == one.after:
                rule.volume.values = [step / _FULL for step in one.before]
                server.stream_restore_write(rule, mode="replace")
    except _library().PulseError as error:  # PipeWire and servers without that module refuse
        log.debug("volume rule left", error=str(error))


def _set_volume(server: Any, stream: Any, steps: list[int]) -> None:
    library = _library()
    try:
        server.sink_input_volume_set(
            stream.index, library.PulseVolumeInfo([step / _FULL for step in steps])
        )
    except library.PulseError as error:  # it has ended
        log.debug("volume not set", error=str(error))


def _pid(stream: Any) -> str:
    return str(stream.proplist.get("application.process.id", ""))


def _steps(stream: Any) -> list[int]:
    return [round(value * _FULL) for value in stream.volume.values]
