"""Reading the store while the daemon has it, and when nobody has."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from pichat.errors import NotFoundError, UnavailableError
from pichat.store.beside import read_database
from pichat.store.db import open_database

NAMES = "SELECT name FROM settings ORDER BY name"
WRITE = "INSERT INTO settings (name, value) VALUES (?, '1')"


def names_in(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


async def test_what_is_written_is_seen_at_once_and_without_being_in_the_way(tmp_path: Path) -> None:
    path = tmp_path / "a #1?.db"
    async with open_database(path) as database:
        await database.write(WRITE, ("a",))
        async with read_database(path) as reading:
            assert await reading.read(NAMES) == [("a",)]
            await database.write(WRITE, ("b",))
            assert await reading.read(NAMES) == [("a",), ("b",)]
        await database.write(WRITE, ("c",))
        assert len(await database.read(NAMES)) == 3


async def test_nobody_else_has_it(tmp_path: Path) -> None:
    path = tmp_path / "pichat.db"
    async with open_database(path) as database:
        await database.write(WRITE, ("a",))
    before = path.read_bytes()
    async with read_database(path) as reading:
        assert await reading.read(NAMES) == [("a",)]
        with pytest.raises(UnavailableError, match="readonly"):
            await reading.write(WRITE, ("b",))
    assert path.read_bytes() == before
    async with open_database(path) as database:
        assert await database.read(NAMES) == [("a",)]


@pytest.mark.parametrize("version", [1, 99])
async def test_one_of_another_version_is_left_as_it_is(tmp_path: Path, version: int) -> None:
    path = tmp_path / "pichat.db"
    async with open_database(path):
        pass
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(UnavailableError, match=rf"another PiChat \(schema {version}, "):
        async with read_database(path):
            pytest.fail("it was opened")
    assert path.read_bytes() == before


async def test_there_is_none(tmp_path: Path) -> None:
    for path in (tmp_path / "pichat.db", tmp_path / "folder" / "pichat.db"):
        with pytest.raises(NotFoundError):
            async with read_database(path):
                pytest.fail("it was opened")
    assert names_in(tmp_path) == []


async def test_what_cannot_be_read(tmp_path: Path) -> None:
    letter = tmp_path / "pichat.db"
    letter.write_text("Dear Sir or Madam, " * 100)
    for path in (letter, tmp_path):
        with pytest.raises(UnavailableError, match="cannot be read: "):
            async with read_database(path):
                pytest.fail("it was opened")


async def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    async with open_database(tmp_path / "pichat.db"):
        pass
    with pytest.raises(UnavailableError, match="no such table"):
        async with read_database(tmp_path / "pichat.db") as reading:
            await reading.read("SELECT 1 FROM nowhere")
