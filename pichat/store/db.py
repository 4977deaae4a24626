"""Open, migrate, read and write the store. aiosqlite's thread is the one writer."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from importlib.resources import files
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import aiosqlite

from pichat.errors import StartError, UnavailableError

Parameters = Sequence[str | int | float | bytes | None]
Statement = tuple[str, Parameters]


class Database:
    """One connection; statements run in the order in which they were asked for."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        # Else a statement that comes in the middle of another's transaction shares its fate.
        self._writing = asyncio.Lock()

    async def read(self, sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await self._connection.execute_fetchall(sql, parameters)]

    async def write(self, sql: str, parameters: Parameters = ()) -> None:
        """One statement, committed and on the disk when this returns. Raises UnavailableError when
        the disk does not take it."""
        async with self._writing, _told():
            await self._connection.execute(sql, parameters)

    async def write_many(self, sql: str, rows: Sequence[Parameters]) -> None:
        """One statement for each row, all of them or none. Raises UnavailableError as `write`."""
        await self.write_together((sql, row) for row in rows)

    async def write_together(self, statements: Iterable[Statement]) -> None:
        """Different statements, in order, all of them or none. Raises UnavailableError as
        `write`."""
        # A transaction that was begun and left would be in everybody's way.
        await uninterrupted(self._transact(statements))

    async def _transact(self, statements: Iterable[Statement]) -> None:
        async with self._writing, _told():
            await self._connection.execute("BEGIN")
            try:
                # Each call is a visit to the writer's thread: the same statement goes there once.
                for sql, alike in groupby(statements, key=itemgetter(0)):
                    await self._connection.executemany(sql, [row for _, row in alike])
            except BaseException:
                await self._connection.rollback()
                raise
            await self._connection.commit()


async def uninterrupted(work: Coroutine[Any, Any, None]) -> None:
    """Carry it to its end, although whoever waits for it is cancelled meanwhile."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # nobody is there to be told
        raise


@asynccontextmanager
async def _told() -> AsyncIterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise UnavailableError(f"It cannot be kept ({error}). Is the disk full?") from error


def _migrations() -> list[str]:
    """The SQL of every migration, in order; number N is the N-th, counted from 1."""
    folder = files("pichat.store") / "migrations"
    named = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    for number, file in enumerate(named, 1):
        if int(file.name.split("_")[0]) != number:
            raise StartError(f"The migration {file.name} should have the number {number:04}.")
    return [file.read_text() for file in named]


async def _migrate(connection: aiosqlite.Connection, path: Path) -> None:
    """Bring the schema up to date, each migration whole or not at all (`user_version` counts)."""
    migrations = _migrations()
    [(version,)] = await connection.execute_fetchall("PRAGMA user_version")
    if version > len(migrations):
        raise StartError(
            f"{path} was written by a newer PiChat (schema {version}, this one knows "
            f"{len(migrations)}). Install the newer version again, or restore a backup."
        )
    for number, sql in enumerate(migrations[version:], version + 1):
        await connection.executescript(f"BEGIN; {sql}\nPRAGMA user_version = {number}; COMMIT;")


@asynccontextmanager
async def open_database(path: Path) -> AsyncIterator[Database]:
    """The store at `path`, created and migrated as needed. Raises StartError with a sentence."""
    connection = aiosqlite.connect(path, isolation_level=None)
    try:
        await connection
        await connection.execute("PRAGMA journal_mode = WAL")
        # FULL: what was acknowledged survives a power cut.
        await connection.execute("PRAGMA synchronous = FULL")
        await connection.execute("PRAGMA foreign_keys = ON")
        await _migrate(connection, path)
    except sqlite3.Error as error:
        await _end(connection)
        raise StartError(f"The store {path} cannot be opened: {error}.") from error
    except BaseException:
        await _end(connection)
        raise
    try:
        yield Database(connection)
    finally:
        await _end(connection)


async def _end(connection: aiosqlite.Connection) -> None:
    """Close, and wait for the thread: one that outlives the event loop complains about that."""
    await connection.close()
    await asyncio.to_thread(connection._thread.join)  # noqa: SLF001
