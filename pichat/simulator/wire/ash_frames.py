"""ASH frames to and from bytes: stuffing, CRC and randomising (Silicon Labs UG101, section 2-4)."""

from __future__ import annotations

import binascii
import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass

FLAG, ESCAPE, XON, XOFF, SUBSTITUTE, CANCEL = 0x7E, 0x7D, 0x11, 0x13, 0x18, 0x1A
_RESERVED = re.compile(rb"[\x7e\x7d\x11\x13\x18\x1a]")
_CONTROL = re.compile(rb"[\x7e\x11\x13\x18\x1a]")
MAX_BUFFER_BYTES = 1024


class Kind(enum.Enum):
    DATA = "data"
    ACK = "ack"
    NAK = "nak"
    RST = "rst"
    RSTACK = "rstack"
    ERROR = "error"
    BAD = "bad"  # wrong CRC, wrong escape, too short or an unknown control byte


@dataclass(frozen=True, slots=True)
class Frame:
    kind: Kind
    control: int = 0
    payload: bytes = b""

    @property
    def ack_number(self) -> int:
        return self.control & 0x07

    @property
    def number(self) -> int:
        return (self.control >> 4) & 0x07

    @property
    def retransmitted(self) -> bool:
        return bool(self.control & 0x08)

    @property
    def not_ready(self) -> bool:
        """The host asks for no callbacks for now (only in ACK and NAK)."""
        return bool(self.control & 0x08)


def _mask(length: int) -> bytes:
    out, value = bytearray(), 0x42
    for _ in range(length):
        out.append(value)
        value = (value >> 1) ^ 0xB8 if value & 1 else value >> 1
    return bytes(out)


_MASK = _mask(256)


def randomise(data: bytes) -> bytes:
    """XOR with the fixed pseudo-random sequence; its own inverse."""
    size = len(data)
    mixed = int.from_bytes(data, "big") ^ int.from_bytes(_MASK[:size], "big")
    return mixed.to_bytes(size, "big")


def _escape(match: re.Match[bytes]) -> bytes:
    return bytes((ESCAPE, match.group()[0] ^ 0x20))


def to_wire(body: bytes) -> bytes:
    """Adds the CRC, stuffs the reserved bytes and ends with a flag."""
    checked = body + binascii.crc_hqx(body, 0xFFFF).to_bytes(2, "big")
    return _RESERVED.sub(_escape, checked) + bytes((FLAG,))


def data_frame(number: int, ack_number: int, payload: bytes, *, retransmitted: bool) -> bytes:
    control = number << 4 | retransmitted << 3 | ack_number
    return to_wire(bytes((control,)) + randomise(payload))


def ack_frame(ack_number: int) -> bytes:
    return to_wire(bytes((0x80 | ack_number,)))


def nak_frame(ack_number: int) -> bytes:
    return to_wire(bytes((0xA0 | ack_number,)))


def rst_frame() -> bytes:
    return to_wire(b"\xc0")


def rstack_frame(reason: int) -> bytes:
    return to_wire(bytes((0xC1, 0x02, reason)))


def error_frame(reason: int) -> bytes:
    return to_wire(bytes((0xC2, 0x02, reason)))


def _unstuff(data: bytes) -> bytes | None:
    if ESCAPE not in data:
        return data
    out, escaped = bytearray(), False
    for byte in data:
        if escaped:
            out.append(byte ^ 0x20)
            escaped = False
        elif byte == ESCAPE:
            escaped = True
        else:
            out.append(byte)
    return None if escaped else bytes(out)


def parse(stuffed: bytes) -> Frame:
    """One frame without its flag. Never raises: what cannot be read is a BAD frame."""
    data = _unstuff(stuffed)
    if data is None or len(data) < 3:
        return Frame(Kind.BAD)
    if binascii.crc_hqx(data, 0xFFFF) != 0:
        return Frame(Kind.BAD, control=data[0])
    control, payload = data[0], data[1:-2]
    if control < 0x80:
        return Frame(Kind.DATA, control, randomise(payload))
    if control < 0xC0:
        return Frame(Kind.NAK if control & 0x20 else Kind.ACK, control)
    named = {0xC0: Kind.RST, 0xC1: Kind.RSTACK, 0xC2: Kind.ERROR}
    return Frame(named.get(control, Kind.BAD), control, payload)


class Deframer:
    """Cuts a byte stream into frames; keeps the unfinished rest, at most 1 KiB of it."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._discarding = False

    def feed(self, data: bytes) -> Iterator[Frame]:
        self._buffer += data
        while (match := _CONTROL.search(self._buffer)) is not None:
            at, byte = match.start(), match.group()[0]
            part = bytes(self._buffer[:at])
            if byte in (XON, XOFF):
                del self._buffer[at]
                continue
            del self._buffer[: at + 1]
            if byte == FLAG:
                discarded, self._discarding = self._discarding, False
                if part and not discarded:
                    yield parse(part)
            elif byte == SUBSTITUTE:
                self._discarding = True
        if len(self._buffer) > MAX_BUFFER_BYTES:
            self._buffer.clear()
            self._discarding = True
