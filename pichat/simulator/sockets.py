"""Unix sockets at paths longer than the 107 bytes that the system takes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LONGEST_BYTES = 107


@contextmanager
def reachable(path: Path) -> Iterator[str]:
    """A name of `path` that can be bound or connected to, while the context lasts: `path` itself,
    or one through its open directory. Raises OSError when the directory is not there."""
    if len(os.fsencode(path)) <= _LONGEST_BYTES:
        yield str(path)
        return
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)
