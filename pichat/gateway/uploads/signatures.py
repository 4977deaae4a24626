"""What a file is, by its own first bytes, whatever its sender says of it."""

from __future__ import annotations

import codecs
import re

from pichat.errors import UnsupportedError

TEXT = "text/plain"
PDF = "application/pdf"
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
LOOKED_AT_BYTES = 16

_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", PDF),
    (b"OggS\x00", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
)
_IN_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
_NO_TEXT = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")


def of_beginning(head: bytes) -> str | None:
    """The media type of a file that begins so; None when it may only be text."""
    if head[:4] == b"RIFF":
        return _IN_RIFF.get(head[8:12])
    found = next((kind for start, kind in _BEGINNINGS if head.startswith(start)), None)
    return found or ("audio/mpeg" if _is_mpeg_frame(head) else None)


def _is_mpeg_frame(head: bytes) -> bool:
    """A frame of MPEG audio, layer III (ISO 11172-3, 2.4.1.3)."""
    return (
        len(head) >= 3
        and head[0] == 0xFF
        and head[1] & 0xE6 == 0xE2  # sync, and layer III
        and head[1] & 0x18 != 0x08  # a version that there is
        and head[2] & 0xF0 not in (0x00, 0xF0)
        and head[2] & 0x0C != 0x0C
    )


class Recognition:
    """Fed with a file as it comes, it finds out what that is, or at once that it may not come."""

    def __init__(self) -> None:
        self._head = b""
        self._kind: str | None = None
        self._text = codecs.getincrementaldecoder("utf-8")()

    def feed(self, piece: bytes) -> None:
        """Raises UnsupportedError for what is none of the kinds that are kept."""
        if self._kind not in (None, TEXT):
            return
        if self._kind is None:
            self._head += piece
            if len(self._head) < LOOKED_AT_BYTES:
                return
            piece = self._recognise()
        if self._kind == TEXT:
            self._check_text(piece, final=False)

    def finish(self) -> str:
        """The media type, once all of it has come. Raises UnsupportedError."""
        piece = self._recognise() if self._kind is None else b""
        if self._kind == TEXT:
            self._check_text(piece, final=True)
        return self._kind or TEXT

    def _recognise(self) -> bytes:
        """What was held back, which is still to be looked at if it is text."""
        self._kind = of_beginning(self._head) or TEXT
        return self._head

    def _check_text(self, piece: bytes, *, final: bool) -> None:
        try:
            self._text.decode(piece, final)
        except UnicodeDecodeError:
            raise _unknown() from None
        if _NO_TEXT.search(piece):
            raise _unknown()


def _unknown() -> UnsupportedError:
    return UnsupportedError(
        "Files of this kind are not taken: only pictures (PNG, JPEG, GIF, WebP), PDF, text in"
        " UTF-8, and sound (WAV, Ogg, MP3)."
    )
