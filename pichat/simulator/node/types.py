"""ZCL data types (ZCL 8, section 2.6.2): how a value of each travels, and which are analog."""

from __future__ import annotations

import enum
import struct
from typing import TypeAlias

from pichat.simulator.wire.codec import Reader, counted

Value: TypeAlias = bool | int | float | str


class Type(enum.IntEnum):
    BOOL = 0x10
    BITMAP8 = 0x18
    BITMAP16 = 0x19
    BITMAP24 = 0x1A
    BITMAP32 = 0x1B
    UINT8 = 0x20
    UINT16 = 0x21
    UINT24 = 0x22
    UINT32 = 0x23
    UINT48 = 0x25
    INT8 = 0x28
    INT16 = 0x29
    INT24 = 0x2A
    INT32 = 0x2B
    ENUM8 = 0x30
    ENUM16 = 0x31
    FLOAT = 0x39
    OCTETS = 0x41
    STRING = 0x42
    CLUSTER_ID = 0xE8
    ATTRIBUTE_ID = 0xE9
    EUI64 = 0xF0


_SIZES = {
    Type.BOOL: 1,
    Type.BITMAP8: 1,
    Type.BITMAP16: 2,
    Type.BITMAP24: 3,
    Type.BITMAP32: 4,
    Type.UINT8: 1,
    Type.UINT16: 2,
    Type.UINT24: 3,
    Type.UINT32: 4,
    Type.UINT48: 6,
    Type.INT8: 1,
    Type.INT16: 2,
    Type.INT24: 3,
    Type.INT32: 4,
    Type.ENUM8: 1,
    Type.ENUM16: 2,
    Type.CLUSTER_ID: 2,
    Type.ATTRIBUTE_ID: 2,
    Type.EUI64: 8,
}


class UnknownTypeError(Exception):
    """A data type that no simulated attribute has: the rest of its frame cannot be read."""


def is_analog(kind: int) -> bool:
    """Analog values are reported by a reportable change, discrete ones on any change."""
    return 0x20 <= kind <= 0x2F or 0x38 <= kind <= 0x3A or 0xE0 <= kind <= 0xE2


def is_signed(kind: int) -> bool:
    return 0x28 <= kind <= 0x2F


def pack(kind: int, value: Value) -> bytes:
    if kind == Type.STRING:
        return counted(str(value).encode())
    if kind == Type.OCTETS:
        return counted(str(value).encode("latin-1"))
    if kind == Type.FLOAT:
        return struct.pack("<f", value)
    return int(value).to_bytes(_SIZES[Type(kind)], "little", signed=is_signed(kind))


def unpack(kind: int, reader: Reader) -> Value:
    """Raises UnknownTypeError, or ShortFrameError."""
    if kind == Type.STRING:
        return reader.counted().decode("utf-8", "replace")
    if kind == Type.OCTETS:
        return reader.counted().decode("latin-1")
    if kind == Type.FLOAT:
        return float(struct.unpack("<f", reader.take(4))[0])
    try:
        size = _SIZES[Type(kind)]
    except (KeyError, ValueError):
        raise UnknownTypeError from None
    number = int.from_bytes(reader.take(size), "little", signed=is_signed(kind))
    return bool(number) if kind == Type.BOOL else number
