"""What the model has read before, on disk: a file for each beginning that all prompts share.

Reading the system text and the tools takes a Pi minutes; reading a file that says what came of it
takes seconds. A file is llama.cpp's own, and behind it, which llama.cpp does not look at, a tail by
which one that is damaged, or of another model, is known before it is used.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pichat.llm.engine.model import LoadedModel

MOST_FILES = 8
MOST_BYTES = 2_000_000_000
SHORTEST_TOKENS = 64  # what is shorter is read again sooner than loaded
_ENDING = ".state"
_TAIL = struct.Struct("<8s32sQI")  # mark, key, bytes before the tail, their CRC-32
_MARK = b"PiChatKV"
_CHUNK = 1 << 20


def model_identity(path: Path) -> bytes:
    """Which file it is, as far as can be seen without reading it."""
    status = path.stat()
    return f"{path.resolve()}\n{status.st_size}\n{status.st_mtime_ns}".encode()


class States:
    """The files of one model in `folder`, which other models may share. Whatever goes wrong with
    one costs time, and nothing else."""

    def __init__(
        self,
        folder: Path,
        identity: bytes,
        *,
        most_files: int = MOST_FILES,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._folder = folder
        self._identity = identity
        self._most_files = most_files
        self._most_bytes = most_bytes

    def key(self, tokens: Sequence[int]) -> bytes:
        """Of a beginning, as tokens: a profile's system text and its tools. Profiles that begin
        alike share it."""
        digest = hashlib.sha256(self._identity + b"\0")
        digest.update(struct.pack(f"<{len(tokens)}i", *tokens))
        return digest.digest()

    def has(self, key: bytes) -> bool:
        return self._path(key).exists()

    def load(self, key: bytes, tokens: Sequence[int], model: LoadedModel) -> bool:
        """Put the model where it has read `tokens`. False when that failed; then the file is gone,
        and what the model keeps may be less than before."""
        path = self._path(key)
        try:
            good = _is_whole(path, key)
            good = good and model.read_state(path) and model.kept == list(tokens)
            if good:
                os.utime(path)  # those not used for longest go first
            else:
                path.unlink(missing_ok=True)
        except OSError:
            return False
        return good

    def save(self, key: bytes, model: LoadedModel) -> bool:
        """Keep what the model has read until now. The file is whole, or not there."""
        path = self._path(key)
        part = path.with_suffix(f".{os.getpid()}.part")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            saved = model.write_state(part)
            if saved and self._has_room(part.stat().st_size + _TAIL.size):
                _append_tail(part, key)
                part.replace(path)
                self._tidy(path)
                return True
        except OSError:
            pass  # a full disk, say: the next start reads the text again
        with suppress(OSError):
            part.unlink(missing_ok=True)
        return False

    def _path(self, key: bytes) -> Path:
        return self._folder / f"{key.hex()[:32]}{_ENDING}"

    def _has_room(self, size: int) -> bool:
        """Whether as much again would still fit on the disk."""
        return size <= self._most_bytes and shutil.disk_usage(self._folder).free > size

    def _tidy(self, newest: Path) -> None:
        """Keep the newest within the bounds, and nothing that an interrupted process left."""
        for part in self._folder.glob("*.part"):
            part.unlink(missing_ok=True)
        files = [(path.stat(), path) for path in self._folder.glob(f"*{_ENDING}")]
        files.sort(key=lambda file: (file[1] != newest, -file[0].st_mtime_ns))
        total = 0
        for number, (status, path) in enumerate(files):
            total += status.st_size
            if number >= self._most_files or total > self._most_bytes:
                path.unlink(missing_ok=True)


def _append_tail(path: Path, key: bytes) -> None:
    checksum, size = _checksum(path, path.stat().st_size)
    with path.open("ab") as file:
        # Not synced: what a power cut leaves of it is known by its tail.
        file.write(_TAIL.pack(_MARK, key, size, checksum))


def _is_whole(path: Path, key: bytes) -> bool:
    """Raises OSError, when it is not there among others."""
    size = path.stat().st_size - _TAIL.size
    if size <= 0:
        return False
    with path.open("rb") as file:
        file.seek(size)
        mark, found_key, found_size, checksum = _TAIL.unpack(file.read(_TAIL.size))
    if (mark, found_key, found_size) != (_MARK, key, size):
        return False
    return _checksum(path, size) == (checksum, size)


def _checksum(path: Path, size: int) -> tuple[int, int]:
    """The CRC-32 of the first `size` bytes, and how many there were."""
    checksum = read = 0
    with path.open("rb") as file:
        while read < size and (chunk := file.read(min(_CHUNK, size - read))):
            checksum = zlib.crc32(chunk, checksum)
            read += len(chunk)
    return checksum, read
