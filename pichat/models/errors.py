"""What can go wrong with models; and the disk's own failures in words."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pichat.errors import PiChatError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


class DownloadError(PiChatError):
    """The network or the server failed for too long; what has arrived is kept."""

    code = "download_failed"
    retryable = True


class WrongFileError(PiChatError):
    """What the server gives is not what the manifest names; trying again does not help."""

    code = "wrong_file"


class DiskError(PiChatError):
    """The folder of the models is full or cannot be written."""

    code = "disk"


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn an OSError about `path` into a DiskError with a sentence."""
    try:
        yield
    except OSError as error:
        raise DiskError(_sentence(path, error)) from error


def _sentence(path: Path, error: OSError) -> str:
    if error.errno in _FULL:
        return (
            f"The disk is full: {path} cannot grow."
            " What has arrived is kept; make room and try again."
        )
    if error.errno in _FORBIDDEN:
        return f"{path} may not be changed by this user: {error.strerror}."
    return f"{path} cannot be used: {error.strerror or error}."
