"""Certificates as files in the state directory: written whole or not at all, keys for nobody else
to read."""

from __future__ import annotations

import os
from pathlib import Path

from pichat.files import write_whole

PRIVATE = 0o600
PUBLIC = 0o644


def read(path: Path) -> bytes | None:
    """None when it is not there. A key that others could read is closed to them. Raises OSError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    with open(descriptor, "rb") as file:  # noqa: PTH123  (a descriptor)
        if path.suffix == ".pem" and os.fstat(descriptor).st_mode & 0o077:
            os.fchmod(descriptor, PRIVATE)
        return file.read()


def write(path: Path, content: bytes, mode: int = PRIVATE) -> None:
    """Replace the file in one step, even through a power cut. Raises OSError."""
    if not path.parent.is_dir():
        path.parent.mkdir(mode=0o700)
        _give(path.parent)
    write_whole(path, content, mode, prepare=_give)


def _give(path: Path) -> None:
    """What root makes belongs to whom the folder belongs to, so that the daemon can read it."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)
