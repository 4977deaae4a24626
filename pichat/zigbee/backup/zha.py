"""A ZHA installation: Home Assistant keeps zigpy's own database, of whatever version.

Where its `.storage` is there, names and areas come with it.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from pichat.config.types import Zigbee
from pichat.errors import BadRequestError, NotFoundError, UnavailableError
from pichat.zigbee.backup.database import read_contents
from pichat.zigbee.backup.imported import Found, FoundGroup, Imported, house_of, said, told_apart
from pichat.zigbee.backup.open_coordinator import Backup
from pichat.zigbee.stick.radio import application

if TYPE_CHECKING:
    from zigpy.application import ControllerApplication
    from zigpy.backups import NetworkBackup

T = TypeVar("T")
HUB = "ZHA"
DATABASE = "zigbee.db"
_REGISTRY = Path(".storage", "core.device_registry")
_AREAS = Path(".storage", "core.area_registry")


class _Entry(msgspec.Struct, kw_only=True):
    connections: list[tuple[str, str]] = []
    identifiers: list[list[str]] = []
    name: str | None = None
    name_by_user: str | None = None
    area_id: str | None = None

    @property
    def id(self) -> str | None:
        pairs = [*self.connections, *((each[0], each[1]) for each in self.identifiers if each[1:])]
        return next((value for kind, value in pairs if kind in ("zigbee", "zha")), None)


class _Entries(msgspec.Struct, kw_only=True):
    devices: list[_Entry] = []


class _Registry(msgspec.Struct, kw_only=True):
    data: _Entries


class _Area(msgspec.Struct, kw_only=True):
    id: str
    name: str


class _AreaList(msgspec.Struct, kw_only=True):
    areas: list[_Area] = []


class _AreaRegistry(msgspec.Struct, kw_only=True):
    data: _AreaList


def is_one(folder: Path) -> bool:
    return (folder / DATABASE).is_file()


async def read(path: Path) -> Imported:
    """`path`: Home Assistant's configuration folder, or its zigbee.db. Raises BadRequestError when
    a file is damaged or newer than what PiChat reads, and UnavailableError."""
    database = path if path.name.endswith(".db") else path / DATABASE
    problems: list[str] = []
    names = await asyncio.to_thread(_names, database.parent, problems)
    with tempfile.TemporaryDirectory(prefix="pichat-") as folder:
        copy = Path(folder) / DATABASE
        await asyncio.to_thread(_copy, database, copy)
        network, found, groups = await _migrate(copy, database, names, problems)
        try:
            contents = await asyncio.to_thread(read_contents, copy)
        except (UnavailableError, NotFoundError) as error:
            raise BadRequestError(f"{database} cannot be read: {error.sentence}") from error
    backup = Backup(
        network=network,
        made_s=time.time() if network is None else network.backup_time.timestamp(),
        source=HUB,
        devices=len(contents.devices),
        database=contents.file,
        house=house_of(found, groups),
    )
    return Imported(HUB, backup, tuple(found), tuple(problems))


def _copy(database: Path, copy: Path) -> None:
    """With its journal, so that nothing is written beside the original. Raises BadRequestError
    when that is no database of zigpy, and UnavailableError."""
    try:
        shutil.copyfile(database, copy)
        journal = database.with_name(f"{database.name}-wal")
        if journal.exists():
            shutil.copyfile(journal, copy.with_name(f"{copy.name}-wal"))
    except OSError as error:
        raise UnavailableError(f"{database} cannot be read: {error.strerror}.") from error
    from zigpy.appdb import DB_VERSION

    try:
        with closing(sqlite3.connect(copy)) as connection:
            [(version,)] = connection.execute("PRAGMA user_version")
            [(tables,)] = connection.execute(
                "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name LIKE 'devices%'"
            )
            [(verdict,)] = connection.execute("PRAGMA integrity_check(1)")
    except sqlite3.Error as error:
        raise BadRequestError(f"{database} is damaged or no database of ZHA: {error}.") from error
    if verdict != "ok":
        raise BadRequestError(f"{database} is damaged: {verdict}.")
    if not tables:
        raise BadRequestError(f"{database} is no database of ZHA: it has no devices.")
    if version > DB_VERSION:
        raise BadRequestError(
            f"{database} was written by a newer ZHA (schema {version}; this PiChat reads up to"
            f" {DB_VERSION}). A newer PiChat may read it."
        )


async def _migrate(
    copy: Path, database: Path, names: dict[str, tuple[str, str | None]], problems: list[str]
) -> tuple[NetworkBackup | None, list[Found], list[FoundGroup]]:
    """zigpy itself brings the copy up to date, and tells what is in it."""
    try:
        async with application(Zigbee(), copy) as session:
            network = session.app.backups.most_recent_backup()
            found = _devices(session.app, names, problems)
            groups = [
                FoundGroup(said(group.name), tuple(str(ieee) for ieee, _ in group.members))
                for group in session.app.groups.values()
                if group.name
            ]
    except UnavailableError as error:
        raise BadRequestError(
            f"{database} cannot be brought up to date: {error.__cause__ or error.sentence}."
        ) from error
    if network is None:
        problems.append(
            f"{database.name} holds no network settings, as of old versions: only the stick that"
            " ZHA used knows the network. Keep that stick, or update Home Assistant once before."
        )
    return network, told_apart(found), groups


def _devices(
    app: ControllerApplication, names: dict[str, tuple[str, str | None]], problems: list[str]
) -> list[Found]:
    from zigpy.device import ZigbeeDevice

    found = []
    for device in app.devices.values():
        if device.nwk == 0:
            continue
        if not isinstance(device, ZigbeeDevice):
            problems.append(f"{device.ieee} is a Green Power device: it has to be paired again.")
            continue
        id_ = str(device.ieee)
        name, area = names.get(id_, (None, None))
        if not device.is_initialized:
            problems.append(
                f"{name or id_} was never fully interviewed: PiChat asks it when it is next heard."
            )
        model = " ".join(filter(None, (device.manufacturer, device.model)))
        found.append(Found(id_, name, area, model, device.is_initialized))
    return found


def _names(folder: Path, problems: list[str]) -> dict[str, tuple[str, str | None]]:
    """What people called things, by device id."""
    registry = folder / _REGISTRY
    if not registry.exists():
        problems.append(
            "Home Assistant's .storage folder is not beside zigbee.db: devices come without their"
            " names and rooms."
        )
        return {}
    devices = _read(registry, _Registry).data.devices
    areas_file = folder / _AREAS
    areas = _read(areas_file, _AreaRegistry).data.areas if areas_file.exists() else []
    rooms = {area.id: area.name for area in areas}
    return {
        id_.casefold(): (said(name), rooms.get(entry.area_id or ""))
        for entry in devices
        if (id_ := entry.id) is not None and (name := entry.name_by_user or entry.name)
    }


def _read(path: Path, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise UnavailableError(f"{path} cannot be read: {error.strerror}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequestError(f"{path} is damaged: {error}.") from error
