"""The device database as a backup holds it: zigpy's file, read beside zigpy and written before it.

Everything here blocks; call it on a thread.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from pichat.errors import BadRequestError, NotFoundError, UnavailableError
from pichat.files import write_whole

_WAIT_S = 10.0


@dataclass(frozen=True, slots=True)
class Contents:
    """`file` is a whole database file; `devices` are short addresses by id, without the
    coordinator; `network` is the newest network that zigpy wrote down, as its JSON."""

    file: bytes
    devices: dict[str, int]
    network: dict[str, Any] | None


def read_contents(path: Path) -> Contents:
    """A consistent copy, also while zigpy has the file open. Raises NotFoundError when there is
    none, and UnavailableError."""
    if not path.exists():
        raise NotFoundError(f"There is no Zigbee database {path} yet: no network was ever opened.")
    try:
        with (
            closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(":memory:")) as copy,
        ):
            source.execute(f"PRAGMA busy_timeout = {int(_WAIT_S * 1000)}")
            source.backup(copy)
            tables = _version(copy)
            rows = copy.execute(f"SELECT ieee, nwk FROM devices_v{tables} WHERE nwk != 0")  # noqa: S608
            devices = {str(ieee): int(nwk) for ieee, nwk in rows}
            network = _newest_network(copy, tables)
            return Contents(copy.serialize(), devices, network)
    except sqlite3.Error as error:
        raise UnavailableError(f"The Zigbee database {path} cannot be read: {error}.") from error


def _version(connection: sqlite3.Connection) -> int:
    [(version,)] = connection.execute("PRAGMA user_version")
    return int(version)


def _newest_network(copy: sqlite3.Connection, tables: int) -> dict[str, Any] | None:
    name = f"network_backups_v{tables}"
    if not list(copy.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (name,))):
        return None
    rows = list(copy.execute(f"SELECT backup_json FROM {name} ORDER BY id DESC LIMIT 1"))  # noqa: S608
    if not rows:
        return None
    try:
        return msgspec.json.decode(rows[0][0], type=dict[str, Any])
    except msgspec.DecodeError:
        return None


def prepare(content: bytes, path: Path) -> None:
    """Put a backup's database at `path`, without the networks and the coordinators that it
    remembers: those are of the stick. Raises BadRequestError when it is damaged or of a newer
    zigpy, and UnavailableError."""
    from zigpy.appdb import DB_VERSION  # half a second of imports

    forget(path)
    try:
        write_whole(path, content)
        with _damaged(), closing(sqlite3.connect(path)) as connection:
            _check(connection, DB_VERSION)
            _strip(connection)
    except OSError as error:
        forget(path)
        raise UnavailableError(f"{path} cannot be written: {error.strerror}.") from error
    except BaseException:
        forget(path)
        raise


def _check(connection: sqlite3.Connection, newest: int) -> None:
    tables = _version(connection)
    if tables > newest:
        raise BadRequestError(
            f"The backup's device database is newer (schema {tables}) than this PiChat reads"
            f" ({newest}). Install the newer PiChat first."
        )
    [(verdict,)] = connection.execute("PRAGMA integrity_check(1)")
    if verdict != "ok":
        raise sqlite3.DatabaseError(verdict)


def _strip(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"DELETE FROM devices_v{_version(connection)} WHERE nwk = 0")  # noqa: S608
    named = "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'network_backups%'"
    for (name,) in list(connection.execute(named)):
        connection.execute(f'DELETE FROM "{name}"')  # noqa: S608
    connection.commit()


@contextmanager
def _damaged() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            raise UnavailableError(
                f"The device database cannot be written ({error}). Free some space."
            ) from error
        raise BadRequestError(f"The backup's device database is damaged: {error}.") from error


def put_in_place(prepared: Path, path: Path) -> None:
    """`prepared`, which nobody has open, becomes the database. Raises UnavailableError."""
    try:
        # What zigpy left in its journal goes into the file first.
        with closing(sqlite3.connect(prepared)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for end in ("-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)
        prepared.replace(path)
    except (OSError, sqlite3.Error) as error:
        raise UnavailableError(f"The database {path} cannot be written: {error}.") from error


def forget(path: Path) -> None:
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
