"""What a program of a server writes besides MCP: the end of it tells why it died."""

from __future__ import annotations

_TAIL_BYTES = 1200
_TAIL = 300  # characters


class Muttering:
    """Forgets all but the end."""

    def __init__(self) -> None:
        self._end = b""
        self.astray = ""
        """The last line that stood where MCP should."""

    def hear(self, said: bytes) -> None:
        self._end = (self._end + said[-_TAIL_BYTES:])[-_TAIL_BYTES:]

    def stray(self, line: bytes) -> None:
        self.astray = line[:_TAIL].decode("utf-8", "replace").strip()

    def tail(self) -> str:
        """Its last line."""
        lines = self._end.decode("utf-8", "replace").splitlines()
        said = [line.strip() for line in lines if line.strip()]
        return said[-1][-_TAIL:] if said else ""
