"""Whose installation a folder or a file is."""

from __future__ import annotations

import asyncio
import tempfile
import zipfile
from pathlib import Path

from pichat.errors import BadRequestError, NotFoundError, UnavailableError
from pichat.zigbee.backup import zha, zigbee2mqtt
from pichat.zigbee.backup.imported import Imported
from pichat.zigbee.backup.open_coordinator import decode

_BELOW = ("", "data", "zigbee2mqtt", "homeassistant", "config")
"""Where people point at the program's own folder, the settings are in one of these."""
_SQLITE = b"SQLite format 3\x00"
_LARGEST_ARCHIVE = 512 * 1024 * 1024
_SENTENCE = (
    "{} is no installation that PiChat knows. Name zigbee2mqtt's data folder (with"
    " coordinator_backup.json and database.db), Home Assistant's configuration folder (with"
    " zigbee.db), one of these files, or a zip file of them."
)


async def read_installation(path: Path) -> Imported:
    """What another hub's folder, file or zipped backup brings. Raises NotFoundError,
    UnavailableError when it cannot be read, and BadRequestError when it is damaged or unknown."""
    if not await asyncio.to_thread(path.exists):
        raise NotFoundError(f"There is no {path}.")
    if await asyncio.to_thread(zipfile.is_zipfile, path):
        with tempfile.TemporaryDirectory(prefix="pichat-") as folder:
            await asyncio.to_thread(_unpack, path, Path(folder))
            found = await asyncio.to_thread(_search, Path(folder))
            if found is None:
                raise BadRequestError(_SENTENCE.format(path))
            return await _read(found)
    found = await asyncio.to_thread(_locate, path)
    if found is None:
        raise BadRequestError(_SENTENCE.format(path))
    return await _read(found)


async def _read(found: Path) -> Imported:
    if found.name.endswith(".db"):
        return await zha.read(found)
    if found.name.endswith(".json"):
        return await asyncio.to_thread(_network_only, found)
    return await zigbee2mqtt.read(found)


def _locate(path: Path) -> Path | None:
    """ZHA's database, zigbee2mqtt's folder, or a file with a network only."""
    if path.is_dir():
        for name in _BELOW:
            folder = path / name
            if zha.is_one(folder):
                return folder / zha.DATABASE
            if zigbee2mqtt.is_one(folder):
                return folder
        return None
    if _begins(path).startswith(_SQLITE):
        return path
    if path.name in zigbee2mqtt.FILES:
        return path.parent
    return path if _begins(path).lstrip().startswith(b"{") else None


def _search(folder: Path) -> Path | None:
    """Anywhere in what was packed."""
    for each in (folder, *sorted(one for one in folder.rglob("*") if one.is_dir())):
        if (found := _locate(each)) is not None:
            return found
    return None


def _begins(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(64)
    except OSError as error:
        raise UnavailableError(f"{path} cannot be read: {error.strerror}.") from error


def _network_only(path: Path) -> Imported:
    try:
        backup = decode(path.read_bytes(), str(path))
    except OSError as error:
        raise UnavailableError(f"{path} cannot be read: {error.strerror}.") from error
    problems: tuple[str, ...] = ()
    if backup.database is None:
        told = "they are known again once each has said something, and have no names"
        problems = (f"The file holds a network and no devices: {told}.",)
    return Imported(backup.source, backup, (), problems)


def _unpack(archive: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(archive) as packed:
            if sum(each.file_size for each in packed.infolist()) > _LARGEST_ARCHIVE:
                raise BadRequestError(f"{archive} is too large to be a backup of a hub.")
            # Only what is read later; names that lead elsewhere are made harmless by zipfile.
            packed.extractall(folder)
    except (zipfile.BadZipFile, RuntimeError, EOFError) as error:
        raise BadRequestError(f"{archive} is damaged, or locked: {error}.") from error
    except OSError as error:
        raise UnavailableError(f"{archive} cannot be unpacked: {error.strerror}.") from error
