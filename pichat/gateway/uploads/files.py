"""The folder of uploads: a file under each id, and those that are still coming. Every function
waits for the disk: call it on another thread."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO

import structlog

log = structlog.get_logger(__name__)

_PART = ".part"


def prepare(folder: Path) -> None:
    """Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def begin(folder: Path, upload_id: str) -> BinaryIO:
    """A new file that only its owner may read. Raises OSError."""
    prepare(folder)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    return os.fdopen(os.open(_part(folder, upload_id), flags, 0o600), "wb")


def finish(file: BinaryIO) -> None:
    """All of it is on the disk afterwards. Raises OSError."""
    file.flush()
    os.fsync(file.fileno())
    file.close()


def give_up(file: BinaryIO, folder: Path, upload_id: str) -> None:
    """As if it had never begun to come."""
    try:
        file.close()
    except OSError:
        log.debug("part not closed", upload_id=upload_id)  # what it still held had no room
    _part(folder, upload_id).unlink(missing_ok=True)


def part_of(folder: Path, upload_id: str) -> Path:
    return _part(folder, upload_id)


def adopt(folder: Path, upload_id: str) -> None:
    """From now on it is a file of that id. Raises OSError."""
    _part(folder, upload_id).rename(folder / upload_id)


def sweep(folder: Path, known: Collection[str]) -> set[str]:
    """Remove what nobody knows of, and tell which of the known are not there. Raises OSError."""
    prepare(folder)
    there = set()
    for path in folder.iterdir():
        if path.name in known:
            there.add(path.name)
        else:
            log.info("upload swept", file=path.name)
            path.unlink(missing_ok=True)
    return set(known) - there


def free_bytes(folder: Path) -> int:
    """Raises OSError."""
    prepare(folder)
    return shutil.disk_usage(folder).free


def _part(folder: Path, upload_id: str) -> Path:
    return folder / f".{upload_id}{_PART}"
