"""What is secret of the servers that the owner added: one file, which nobody else can read."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import structlog

from pichat.errors import UnavailableError
from pichat.files import write_whole

log = structlog.get_logger(__name__)

NAME = "mcp-secrets.json"


class SecretFile:
    """`all`: by server, then by field. A file that cannot be read is as if it were empty, and is
    kept beside."""

    def __init__(self, path: Path, kept: Mapping[str, Mapping[str, Any]]) -> None:
        self._path = path
        self.all = dict(kept)

    @classmethod
    async def load(cls, folder: Path) -> SecretFile:
        path = folder / NAME
        return cls(path, await asyncio.to_thread(_read, path))

    async def save(self, server: str, fields: Mapping[str, Any]) -> None:
        """Those of a server; none at all for {}. Raises UnavailableError, and changes nothing."""
        new = {**self.all, server: fields}
        if not fields:
            del new[server]
        if new == self.all:
            return
        try:
            await asyncio.to_thread(write_whole, self._path, msgspec.json.encode(new))
        except OSError as error:
            raise UnavailableError(
                f"The keys cannot be kept in {self._path.name} ({error.strerror})."
                " Is the disk full?"
            ) from error
        self.all = new


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            os.fchmod(descriptor, 0o600)
            content = file.read()
        return msgspec.json.decode(content, type=dict[str, dict[str, Any]])
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        log.warning("keys of servers cannot be read", file=path.name, error=type(error).__name__)
        if not isinstance(error, OSError):
            path.replace(path.with_suffix(".damaged"))
        return {}
