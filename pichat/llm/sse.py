"""Server-sent events, from bytes that arrive in pieces of any length.

Follows the WHATWG HTML standard, chapter 9.2.6, except that only the data is told: each API that
is spoken here says in its JSON what kind of event it is.
"""

from __future__ import annotations

MOST_SILENT_BYTES = 4 * 1024 * 1024
"""More bytes than any event has. A server that sends so many without one talks nonsense."""

_BOM = b"\xef\xbb\xbf"


class TooLongError(ValueError):
    """Very much came, and no event among it."""


class EventParser:
    """Feed it what arrives. `unfinished`: an event has begun whose end has not come."""

    def __init__(self, most_silent_bytes: int = MOST_SILENT_BYTES) -> None:
        self._most_silent_bytes = most_silent_bytes
        self._rest = b""
        self._silent_bytes = 0
        self._after_cr = False
        self._at_start = True

    @property
    def unfinished(self) -> bool:
        return bool(self._rest.strip(b"\n"))

    def feed(self, piece: bytes) -> list[bytes]:
        """The data of every event that `piece` completes. Raises TooLongError."""
        if self._after_cr or b"\r" in piece:
            piece = self._with_line_feeds(piece)
        text = self._rest + piece if self._rest else piece
        if self._at_start:
            if len(text) < len(_BOM) and _BOM.startswith(text):
                self._rest = text
                return []
            self._at_start = False
            text = text.removeprefix(_BOM)
        *blocks, self._rest = text.split(b"\n\n")
        found = [data for block in blocks if (data := _data(block)) is not None]
        self._silent_bytes = len(self._rest) if found else self._silent_bytes + len(piece)
        if self._silent_bytes > self._most_silent_bytes:
            raise TooLongError(f"{self._silent_bytes} bytes without an event")
        return found

    def _with_line_feeds(self, piece: bytes) -> bytes:
        """Lines may end in CR LF, which two pieces can share, or in CR alone."""
        if self._after_cr and piece:
            piece = piece.removeprefix(b"\n")
            self._after_cr = False
        if piece:
            self._after_cr = piece.endswith(b"\r")
        return piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _data(block: bytes) -> bytes | None:
    """The data of the lines of one event; None when there is none, as in a comment."""
    if block.startswith(b"data: ") and b"\n" not in block:  # nearly every one
        return block[6:]
    lines = []
    for line in block.split(b"\n"):
        field, _, value = line.partition(b":")
        if field == b"data":
            lines.append(value.removeprefix(b" "))
    return b"\n".join(lines) if lines else None
