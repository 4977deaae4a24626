"""Bring a model: room on the disk, every file, then all of it in one step."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import aiohttp

import pichat
from pichat.models.errors import DiskError, disk_errors
from pichat.models.fetch import Download, Patience, Watcher
from pichat.models.manifest import File, Model
from pichat.models.part import Part, matches
from pichat.models.shelf import Installed, Shelf

# The daemon's own data grows too, and a full disk is a nuisance.
_SPARE_BYTES = 64_000_000


class Reporter(Protocol):
    """Hears how an installation comes along."""

    def file(self, file: File, received: int) -> Watcher:
        """The download of a file begins, `received` bytes of which are here already."""


async def install(model: Model, shelf: Shelf, patience: Patience, reporter: Reporter) -> Installed:
    """Download what is missing of `model`, and put it on the shelf; whole files that are there
    already are kept. The caller holds the shelf's lock.

    Raises DownloadError, WrongFileError, DiskError. What has arrived by then, or when it is
    cancelled, is kept and counts the next time.
    """
    folder = shelf.incoming(model.name)
    missing = await asyncio.to_thread(_missing, model, folder, shelf.folder / model.name)
    parts = {file: Part(folder / file.called) for file in missing}
    _check_room(sum(max(0, file.size - part.size) for file, part in parts.items()), shelf)
    headers = {"User-Agent": f"PiChat/{pichat.__version__}"}
    async with aiohttp.ClientSession(headers=headers, auto_decompress=False) as session:
        for file, part in parts.items():
            watcher = reporter.file(file, part.size)
            await Download(session, file, part, patience, watcher).run()
            part.seal()
    return await asyncio.to_thread(shelf.adopt, model)


def _missing(model: Model, folder: Path, final: Path) -> list[File]:
    """The files that are not whole in `folder`, after those of an installed one were taken over."""
    for file in model.files:
        if not (folder / file.called).exists():
            # Some file systems know no links: then it is downloaded.
            with suppress(OSError):
                os.link(final / file.called, folder / file.called)
    missing = []
    for file in model.files:
        path = folder / file.called
        with disk_errors(path):
            if not matches(path, file.size, file.sha256):
                path.unlink(missing_ok=True)
                missing.append(file)
    return missing


def _check_room(needed: int, shelf: Shelf) -> None:
    free = shelf.free_bytes()
    if needed and free < needed + _SPARE_BYTES:
        raise DiskError(
            f"There is no room in {shelf.folder}: {needed / 1e6:,.0f} MB are still to come, and"
            f" {free / 1e6:,.0f} MB are free, of which {_SPARE_BYTES / 1e6:.0f} MB stay free."
        )
