"""The store as another process reads it, beside the daemon or without one."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path

import aiosqlite

from pichat.errors import NotFoundError, UnavailableError
from pichat.store.db import Database


@asynccontextmanager
async def read_database(path: Path) -> AsyncIterator[Database]:
    """The store at `path` as it is: only to be read, and never migrated, which is the daemon's.
    Raises NotFoundError when there is none, and UnavailableError with a sentence when it cannot be
    read or is of another PiChat, also from the reading inside."""
    connection = aiosqlite.connect(_address(path), uri=True)
    try:
        await connection
        [(version,)] = await connection.execute_fetchall("PRAGMA user_version")
        if version != _schema():
            raise UnavailableError(
                f"{path} was written by another PiChat (schema {version}, this one has"
                f" {_schema()})."
            )
        yield Database(connection)
    except sqlite3.Error as error:
        raise UnavailableError(f"The store {path} cannot be read: {error}.") from error
    finally:
        await connection.close()
        # A thread that outlives the event loop complains about that.
        await asyncio.to_thread(connection._thread.join)  # noqa: SLF001


def _address(path: Path) -> str:
    """Of a file that is there: what SQLite says of others does not tell them apart."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFoundError(f"There is no store {path}.") from error
    except OSError as error:
        raise UnavailableError(f"The store {path} cannot be read: {error.strerror}.") from error
    return f"{path.absolute().as_uri()}?mode=ro"


def _schema() -> int:
    """Its number is that of the last migration."""
    folder = files("pichat.store") / "migrations"
    return sum(each.name.endswith(".sql") for each in folder.iterdir())
