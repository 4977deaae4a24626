"""EZSP framing: negotiating the version, dispatching commands, sending callbacks."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable

from pichat.simulator.ncp import commands
from pichat.simulator.ncp.commands.configuration import MESH_STACK, stack_version
from pichat.simulator.ncp.status import Status
from pichat.simulator.ncp.stick import Stick
from pichat.simulator.wire.codec import Reader, ShortFrameError, u16

log = logging.getLogger(__name__)

VERSION, INVALID_COMMAND = 0x00, 0x58
RESPONSE, CALLBACK, EXTENDED = 0x80, 0x90, 0x01
LEGACY_BYTES = 4


class Ezsp:
    """Answers EZSP frames for a stick. `send` takes a whole frame for the host."""

    def __init__(self, stick: Stick, send: Callable[[bytes], None]) -> None:
        self._stick = stick
        self._send = send
        self._commands = commands.table(stick.version)
        self._version_set = False
        self._sequence = 0  # of what was answered last
        self._late: deque[Callable[[], bytes]] = deque()
        stick.emit = self._emit

    def reset(self) -> None:
        self._version_set = False
        self._sequence = 0
        self._late = deque()

    def received(self, frame: bytes) -> None:
        """One command. Frames too short to carry a command are dropped, as a stick does."""
        if len(frame) == LEGACY_BYTES and frame[2] == VERSION:
            self._version_set = frame[3] == self._stick.version
            self._answer(bytes((frame[0], RESPONSE, VERSION)) + self._about())
            return
        if len(frame) < 5:
            log.warning("a frame of %d bytes is no EZSP command", len(frame))
            return
        frame_id = int.from_bytes(frame[3:5], "little")
        answer_id, answer = self._carry_out(frame_id, frame[5:])
        self._answer(bytes((frame[0], RESPONSE, EXTENDED)) + u16(answer_id) + answer)

    def _answer(self, frame: bytes) -> None:
        self._say(lambda: frame)

    def _say(self, made: Callable[[], bytes]) -> None:
        """At once, or as late as a slow stick does, in order."""
        delay_s = self._stick.settings.answer_ms / 1000
        if not delay_s and not self._late:
            self._send_made(made)
            return
        self._late.append(made)
        self._stick.loop.call_later(delay_s, self._send_late, self._late)

    def _send_late(self, late: deque[Callable[[], bytes]]) -> None:
        """A reset has put another queue into the place of this one."""
        if late is self._late:
            self._send_made(late.popleft())

    def _send_made(self, made: Callable[[], bytes]) -> None:
        frame = made()
        self._sequence = frame[0]
        self._send(frame)

    def _about(self) -> bytes:
        version = self._stick.version
        return bytes((version, MESH_STACK)) + u16(stack_version(version))

    def _carry_out(self, frame_id: int, fields: bytes) -> tuple[int, bytes]:
        if frame_id == VERSION and fields:
            self._version_set = fields[0] == self._stick.version
            return VERSION, self._about()
        if not self._version_set:
            return self._refused(Status.VERSION_NOT_SET)
        handler = self._commands.get(frame_id)
        if handler is None:
            log.info("unknown command %#06x", frame_id)
            return self._refused(Status.INVALID_FRAME_ID)
        try:
            return frame_id, handler(self._stick, Reader(fields))
        except ShortFrameError:
            log.info("command %#06x is truncated", frame_id)
            return self._refused(Status.INVALID_ARGUMENT)

    def _refused(self, status: Status) -> tuple[int, bytes]:
        return INVALID_COMMAND, self._stick.status(status)

    def _emit(self, frame_id: int, payload: bytes) -> None:
        """A callback carries the sequence number of the last answer."""
        if self._version_set:
            tail = bytes((CALLBACK, EXTENDED)) + u16(frame_id) + payload
            self._say(lambda: bytes((self._sequence,)) + tail)
