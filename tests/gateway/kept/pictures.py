"""Small files of every kind that may be sent, and of some that may not."""

import struct
import wave
import zlib
from io import BytesIO


def png(width: int = 3, height: int = 2) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\x00" * 4 * 4)
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def gif(width: int = 3, height: int = 2) -> bytes:
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0, 0, 0) + b";"


def jpeg(width: int = 3, height: int = 2, segments: int = 2) -> bytes:
    """With what cameras put before the frame, some of it long."""
    app = b"".join(_segment(0xE1, b"Exif" * 8000) for _ in range(segments))
    frame = _segment(0xC2, struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00")
    return b"\xff\xd8" + app + b"\xff\xff" + frame[1:] + b"\xff\xd9"


def _segment(code: int, data: bytes) -> bytes:
    return bytes((0xFF, code)) + struct.pack(">H", len(data) + 2) + data


def webp(kind: bytes, width: int = 3, height: int = 2) -> bytes:
    if kind == b"VP8 ":
        data = b"\x00\x00\x00\x9d\x01\x2a" + struct.pack("<HH", width, height)
    elif kind == b"VP8L":
        data = b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14) + bytes(5)
    else:
        sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
        data = bytes(4) + sides
    body = b"WEBP" + kind + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def wav() -> bytes:
    file = BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        sound.writeframes(bytes(320))
    return file.getvalue()


OTHERS = {
    "application/pdf": b"%PDF-1.7\n\xff\x00",
    "audio/ogg": b"OggS\x00\x02" + bytes(40),
    "audio/mpeg": b"ID3\x04\x00" + bytes(40),
    "audio/wav": wav(),
}
BARE_MP3 = b"\xff\xfb\x90\x64" + bytes(400)
REFUSED = {
    "program": b"\x7fELF\x02\x01\x01" + bytes(60),
    "archive": b"PK\x03\x04" + bytes(60),
    "zeros": bytes(100),
    "utf-16": "hällo".encode("utf-16"),
    "latin-1": "Grüße an alle im Haus".encode("latin-1"),
    "cut inside a letter": "Grüße an alle im Haus ü".encode()[:-1],
    "escape": b"plain at first, and then \x1b[2J",
    "late zero": b"text " * 1000 + b"\x00",
    "riff of no kind": b"RIFF\x00\x00\x00\x00AVI " + bytes(40),
}
