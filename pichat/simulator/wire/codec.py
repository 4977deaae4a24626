"""Reading and writing the little-endian fields that EZSP, ZDO and ZCL share."""

from __future__ import annotations

import struct


class ShortFrameError(Exception):
    """A frame ended before the field that was asked for."""


class Reader:
    """A cursor over received bytes. Every method raises ShortFrameError past the end."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        end = self._at + size
        if end > len(self._data):
            raise ShortFrameError
        part = self._data[self._at : end]
        self._at = end
        return part

    def rest(self) -> bytes:
        return self.take(len(self._data) - self._at)

    def left(self) -> int:
        return len(self._data) - self._at

    def u8(self) -> int:
        return self.take(1)[0]

    def i8(self) -> int:
        return int.from_bytes(self.take(1), "little", signed=True)

    def u16(self) -> int:
        return int.from_bytes(self.take(2), "little")

    def u32(self) -> int:
        return int.from_bytes(self.take(4), "little")

    def eui64(self) -> bytes:
        """Eight bytes as they stand on the wire (least significant first)."""
        return self.take(8)

    def key(self) -> bytes:
        return self.take(16)

    def counted(self) -> bytes:
        """Bytes behind a one-byte length."""
        return self.take(self.u8())


def u8(value: int) -> bytes:
    return value.to_bytes(1, "little")


def i8(value: int) -> bytes:
    return value.to_bytes(1, "little", signed=True)


def u16(value: int) -> bytes:
    return value.to_bytes(2, "little")


def u32(value: int) -> bytes:
    return value.to_bytes(4, "little")


def counted(data: bytes) -> bytes:
    """`data` behind a one-byte length."""
    return len(data).to_bytes(1, "little") + data


def u16_list(values: list[int]) -> bytes:
    return struct.pack(f"<{len(values)}H", *values)


def eui64_from_text(text: str) -> bytes:
    """`00:0d:6f:…` (most significant first) to wire order; ValueError if it is none."""
    data = bytes.fromhex(text.replace(":", ""))
    if len(data) != 8:
        raise ValueError(text)
    return data[::-1]


def eui64_to_text(eui64: bytes) -> str:
    return eui64[::-1].hex(":")
