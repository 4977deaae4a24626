"""Small firmware images, as the ZCL lays them out (ZCL 8, section 11.4)."""

from __future__ import annotations

import struct

MAKER, TYPE = 0x1289, 1
_HEADER_BYTES = 56


def firmware_image(
    version: int, *, maker: int = MAKER, image_type: int = TYPE, size: int = 400, tag: int = 0
) -> bytes:
    """`tag` 0 is an upgrade image; the simulated devices take no other for sound."""
    element = struct.pack("<HI", tag, size) + bytes(number % 251 for number in range(size))
    head = struct.pack(
        "<IHHHHHIH32sI",
        0x0BEEF11E,
        0x0100,
        _HEADER_BYTES,
        0,
        maker,
        image_type,
        version,
        2,
        b"made by a test".ljust(32, b"\0"),
        _HEADER_BYTES + len(element),
    )
    return head + element
