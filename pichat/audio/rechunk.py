"""Every consumer of sound wants its own frame size; this cuts a stream into it."""

from __future__ import annotations

from collections.abc import Iterator


class Rechunker:
    """Collects bytes of any length and gives them back in frames of exactly `size_bytes`."""

    def __init__(self, size_bytes: int) -> None:
        self._size_bytes = size_bytes
        self._left = bytearray()

    def feed(self, pcm: bytes) -> Iterator[bytes]:
        """The frames that are now complete. Exhaust the iterator before feeding again."""
        self._left += pcm
        while len(self._left) >= self._size_bytes:
            frame = bytes(self._left[: self._size_bytes])
            del self._left[: self._size_bytes]
            yield frame

    def reset(self) -> None:
        """Forget the part of a frame that is waiting for the rest."""
        self._left.clear()
