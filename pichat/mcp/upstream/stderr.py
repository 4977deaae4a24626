"""What a program of a server writes to its standard error: the end of it tells why it died."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

_TAIL = 300  # characters


class Muttering:
    """A file that forgets all but the end, when asked for it."""

    def __init__(self, file: TextIO) -> None:
        self.file = file

    def tail(self) -> str:
        """Its last line."""
        try:
            self.file.seek(0, 2)
            self.file.seek(max(0, self.file.tell() - 4 * _TAIL))
            lines = self.file.read().split("\n")
        except (OSError, ValueError):
            return ""
        said = [line.strip() for line in lines if line.strip()]
        return said[-1][-_TAIL:] if said else ""


@contextmanager
def muttering() -> Iterator[Muttering]:
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as file:
        yield Muttering(file)
