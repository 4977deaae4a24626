"""How many pixels a picture has, by its header: a small file can be a huge picture."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from pichat.errors import BadRequestError

LONGEST_SIDE_PX = 16_384
MOST_PX = 50_000_000
_MOST_SEGMENTS = 1000
# The frame headers of JPEG: SOF0 to SOF15, of which three are no frame (ITU T.81, table B.1).
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE = frozenset({0x01, *range(0xD0, 0xD8)})


def pixels_of(path: Path, media_type: str) -> tuple[int, int]:
    """Width and height of a file that begins like a picture of that type. Raises BadRequestError
    for one that is damaged or too large."""
    try:
        with path.open("rb") as file:
            width, height = _READERS[media_type](file)
    except (struct.error, ValueError, IndexError) as error:
        raise BadRequestError("The picture is damaged: it does not tell its size.") from error
    if not width or not height:
        raise BadRequestError("The picture is damaged: it has no pixels.")
    if max(width, height) > LONGEST_SIDE_PX or width * height > MOST_PX:
        raise BadRequestError(
            f"The picture has {width} × {height} pixels; at most {MOST_PX // 1_000_000} million"
            f" are taken, and {LONGEST_SIDE_PX} a side."
        )
    return width, height


def _png(file: BinaryIO) -> tuple[int, int]:
    head = file.read(24)
    if head[12:16] != b"IHDR":
        raise ValueError("no IHDR")
    width, height = struct.unpack(">II", head[16:24])
    return width, height


def _gif(file: BinaryIO) -> tuple[int, int]:
    width, height = struct.unpack("<HH", file.read(10)[6:10])
    return width, height


def _jpeg(file: BinaryIO) -> tuple[int, int]:
    """Walks from segment to segment: what cameras put first can be long."""
    file.seek(2)
    for _ in range(_MOST_SEGMENTS):
        mark, code = file.read(2)
        while code == 0xFF:  # padding
            (code,) = file.read(1)
        if mark != 0xFF or code in (0x00, 0xD9, 0xDA):
            raise ValueError("no frame before the picture")
        if code in _BARE:
            continue
        (length,) = struct.unpack(">H", file.read(2))
        if code in _FRAMES:
            height, width = struct.unpack(">xHH", file.read(5))
            return width, height
        file.seek(max(length - 2, 0), 1)
    raise ValueError("no frame")


def _webp(file: BinaryIO) -> tuple[int, int]:
    """Of the three forms: VP8, VP8L, VP8X (RFC 9649)."""
    head = file.read(30)
    kind, data = head[12:16], head[20:]
    if kind == b"VP8 ":
        if data[3:6] != b"\x9d\x01\x2a":
            raise ValueError("no key frame")
        width, height = struct.unpack("<HH", data[6:10])
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        if data[0] != 0x2F:
            raise ValueError("no signature")
        (bits,) = struct.unpack("<I", data[1:5])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8X" and len(data) == 10:
        width = int.from_bytes(data[4:7], "little")
        return width + 1, int.from_bytes(data[7:10], "little") + 1
    raise ValueError("an unknown form")


_READERS = {"image/png": _png, "image/jpeg": _jpeg, "image/gif": _gif, "image/webp": _webp}
