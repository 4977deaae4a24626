"""Many WebSocket clients in one process that cost next to nothing, so that a server is measured and
not they: plain sockets, one epoll, and a look for the moment at which a frame was made."""

from __future__ import annotations

import re
import select
import socket
import struct
import time
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

import msgspec

_STAMP = re.compile(rb'"@([0-9.]+)"')
_LENGTH_16, _LENGTH_64 = 126, 127
_DATA, _PONG = (0, 1, 2), 10  # opcodes
_PER_ADDRESS = 50
_DEADLINE_S = 30.0
_LONGEST_S = 120.0
_ROOM = memoryview(bytearray(256 * 1024))  # for all of them: to make it each time takes long


def stamp() -> str:
    """The moment at which something was made, as text that clients find in any frame."""
    return f"@{time.monotonic():.6f}"


class Wire:
    """One client. Reading costs little; what was read is looked at by `frames` and `waits_s`."""

    __slots__ = ("_pieces", "_rest", "socket")

    def __init__(
        self, url: str, path: str, number: int = 0, buffer_bytes: int | None = None
    ) -> None:
        parts = urlsplit(url)
        self.socket = socket.socket()
        if buffer_bytes is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
        self.socket.settimeout(_DEADLINE_S)
        # Of this machine, and no more from one address than a household has.
        self.socket.bind((f"127.0.1.{1 + number // _PER_ADDRESS}", 0))
        self.socket.connect((parts.hostname, parts.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._pieces: list[tuple[float, bytes]] = []
        self._rest = b""
        self._upgrade(parts.netloc, path)

    def _upgrade(self, host: str, path: str) -> None:
        head = (
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        self.socket.sendall(head.encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            piece = self.socket.recv(4096)
            if not piece:
                raise ConnectionError("the server hung up")
            answer += piece
        if b" 101 " not in answer.partition(b"\r\n")[0]:
            raise ConnectionError(answer.decode(errors="replace"))
        self._rest = answer.partition(b"\r\n\r\n")[2]

    def send(self, action: str, request_id: str, payload: dict[str, object] | None = None) -> None:
        request = {"action": action, "payload": payload or {}, "request_id": request_id}
        self.socket.sendall(masked(msgspec.json.encode(request)))

    def be_there(self) -> None:
        """Tell so, before the server asks: it need not ask one that it has just heard from."""
        self.socket.sendall(masked(b"", _PONG))

    def take(self) -> bytes:
        """Read what is there; nothing means that the server has hung up."""
        try:
            piece = bytes(_ROOM[: self.socket.recv_into(_ROOM)])
        except ConnectionError:
            return b""
        self._pieces.append((time.monotonic(), piece))
        return piece

    def answer(self) -> bytes:
        """Wait for the next frame."""
        while not (frames := self.frames()):
            if not self.take():
                raise ConnectionError("the server hung up")
        return frames[-1][1]

    def frames(self) -> list[tuple[float, bytes]]:
        """When each frame of data came that was read since the last time, and what it was."""
        found: list[tuple[float, bytes]] = []
        for came_s, piece in self._pieces:
            data = self._rest + piece
            at = 0
            while (span := _span(data, at)) is not None:
                start, end = span
                if data[at] & 0x0F in _DATA:
                    found.append((came_s, data[start:end]))
                at = end
            self._rest = data[at:]
        self._pieces.clear()
        return found

    def waits_s(self) -> list[float]:
        """From each stamp to the arrival of its frame, of what `frames` has."""
        stamps = ((came_s, _STAMP.search(frame)) for came_s, frame in self.frames())
        return [came_s - float(made[1]) for came_s, made in stamps if made]


def _span(data: bytes, at: int) -> tuple[int, int] | None:
    """Where the payload of the frame that begins `at` begins and ends, once all of it is there."""
    if len(data) < at + 2:
        return None
    start, length = at + 2, data[at + 1]
    if length == _LENGTH_16:
        start, length = at + 4, int.from_bytes(data[at + 2 : at + 4])
    elif length == _LENGTH_64:
        start, length = at + 10, int.from_bytes(data[at + 2 : at + 10])
    return (start, start + length) if len(data) >= start + length else None


def masked(frame: bytes, opcode: int = 1) -> bytes:
    """As a client sends it. A mask of zeros is a mask too."""
    head, size = bytes([0x80 | opcode]), len(frame)
    if size < _LENGTH_16:
        return head + bytes([0x80 | size]) + bytes(4) + frame
    if size < 1 << 16:
        return head + b"\xfe" + struct.pack("!H", size) + bytes(4) + frame
    return head + b"\xff" + struct.pack("!Q", size) + bytes(4) + frame


def read_all(wires: Sequence[Wire], last: bytes) -> None:
    """Read them all, each until it has read `last`, or was hung up on. Raises TimeoutError."""
    by_number = {wire.socket.fileno(): wire for wire in wires}
    tails = dict.fromkeys(by_number, b"")
    end_s = time.monotonic() + _LONGEST_S
    with select.epoll() as ready:
        for number in by_number:
            ready.register(number, select.EPOLLIN)
        while tails:
            if time.monotonic() > end_s:
                raise TimeoutError(f"{len(tails)} clients still wait")
            for number, _ in ready.poll(1):
                piece = by_number[number].take()
                if not piece or last in tails[number] + piece:
                    ready.unregister(number)
                    del tails[number]
                else:
                    tails[number] = piece[-len(last) :]


def close_all(wires: Iterable[Wire]) -> None:
    for wire in wires:
        wire.socket.close()
