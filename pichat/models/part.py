"""A file that is still arriving: `NAME.part`, and beside it what tells the server which it was."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from pichat.models.errors import disk_errors


class Part:
    """The part of `final` that has arrived. Outlives the process: whatever was appended counts the
    next time. Used as a context manager, it is open for appending. Raises DiskError."""

    def __init__(self, final: Path) -> None:
        self._final = final
        self._path = final.with_name(f"{final.name}.part")
        self._note = final.with_name(f"{final.name}.etag")
        self._descriptor: int | None = None
        with disk_errors(self._path):
            self.size = self._path.stat().st_size if self._path.exists() else 0

    def __enter__(self) -> Self:
        with disk_errors(self._path):
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            self._descriptor = os.open(self._path, flags, 0o644)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    @property
    def validator(self) -> str | None:
        """The ETag or date that the server gave with the part, for If-Range."""
        with disk_errors(self._note):
            return self._note.read_text() or None if self._note.exists() else None

    def begins(self, validator: str | None) -> None:
        """A new file begins to arrive: nothing of an older one stays."""
        self.restart()
        with disk_errors(self._note):
            self._note.write_text(validator or "")

    def append(self, data: bytes) -> None:
        if self._descriptor is None:
            raise ValueError("the part is not open")
        with disk_errors(self._path):
            view = memoryview(data)
            while view:
                written = os.write(self._descriptor, view)
                self.size += written
                view = view[written:]

    def restart(self) -> None:
        """Forget everything that has arrived."""
        with disk_errors(self._path):
            if self._path.exists():
                os.truncate(self._path, 0)
            self._note.unlink(missing_ok=True)
        self.size = 0

    def is_whole(self, size: int, sha256: str) -> bool:
        """Whether it is the file that was wanted. Reads all of it: seconds for a gigabyte."""
        with disk_errors(self._path):
            return matches(self._path, size, sha256)

    def seal(self) -> None:
        """Give it its final name; after that it survives a power cut."""
        with disk_errors(self._path):
            with self._path.open("rb") as file:
                os.fsync(file.fileno())
            self._path.replace(self._final)
            self._note.unlink(missing_ok=True)


def matches(path: Path, size: int, sha256: str) -> bool:
    """Whether `path` is a file of that size and checksum. Raises OSError when it is unreadable."""
    if not path.is_file() or path.stat().st_size != size:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256
