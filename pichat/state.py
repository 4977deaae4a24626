"""The state directory: one daemon at a time, where that daemon listens, and its key."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pichat.errors import StartError, UnavailableError

_LOCK = "daemon.lock"
_SECRET = "local.token"  # noqa: S105  (a file's name)


def state_directory(given: Path | None) -> Path:
    """`given` (--state-dir), else $STATE_DIRECTORY, else ./var."""
    return given or Path(os.environ.get("STATE_DIRECTORY") or "var")


class StateLock:
    """Held by the running daemon; its file tells others where to find it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def announce(self, url: str) -> None:
        """Write down the address at which the daemon answers."""
        text = json.dumps({"pid": os.getpid(), "url": url}).encode()
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text, 0)


@contextmanager
def lock_state(directory: Path) -> Iterator[StateLock]:
    """Own `directory` (created, private to the user). Raises StartError when another does."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(directory / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StartError(
            f"The state directory {directory} cannot be used: {error.strerror}."
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise StartError(
            f"Another PiChat already uses the state directory {directory}."
            " Stop it, or give this one its own with --state-dir."
        ) from error
    try:
        os.ftruncate(descriptor, 0)
        yield StateLock(descriptor)
    finally:
        os.ftruncate(descriptor, 0)
        os.close(descriptor)


def running_url(directory: Path) -> str:
    """Where the daemon of `directory` listens. Raises UnavailableError when none is running."""
    try:
        with (directory / _LOCK).open() as file:
            if not _is_free(file.fileno()):
                return str(json.load(file)["url"])
    except (OSError, ValueError, KeyError):
        pass
    raise UnavailableError(
        f"PiChat is not running (nothing uses {directory}). Start it with: pichat run"
    )


def write_secret(directory: Path) -> str:
    """Make the token by which this user's programs come in while this daemon runs, and put it
    where they find it and nobody else may read it. Raises StartError."""
    secret = secrets.token_urlsafe(32)
    new = directory / f"{_SECRET}.new"
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            os.fchmod(descriptor, 0o600)
            file.write(secret)
        new.replace(directory / _SECRET)
    except OSError as error:
        raise StartError(
            f"The state directory {directory} cannot be used: {error.strerror}."
        ) from error
    return secret


def read_secret(directory: Path) -> str | None:
    """What `write_secret` made; None where there is none, or this user may not read it."""
    try:
        return (directory / _SECRET).read_text() or None
    except (OSError, UnicodeDecodeError):
        return None


def _is_free(descriptor: int) -> bool:
    """Whether nobody holds the lock; one that was left behind by a killed daemon is free."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
