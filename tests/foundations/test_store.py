"""Real SQLite in a temporary directory."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from pichat.errors import BusyError, StartError
from pichat.events import ToolCall
from pichat.store.audit import Audit, open_audit
from pichat.store.db import open_database
from pichat.store.devices import DeviceNames
from pichat.store.settings import Settings

CALL = ToolCall(name="set_device_state", arguments={"capability": "on_off", "value": True})


async def test_names_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "pichat.db"
    async with open_database(path) as database:
        names = DeviceNames(database)
        await names.save("a", "lamp", "Kitchen")
        await names.save("a", "big lamp", None)
        await names.save("b", "plug", "Office")
        await names.forget("b")
    async with open_database(path) as database:
        assert await DeviceNames(database).all() == {"a": ("big lamp", None)}


async def test_marks_survive_a_restart_and_are_forgotten_with_the_device(tmp_path: Path) -> None:
    path = tmp_path / "pichat.db"
    async with open_database(path) as database:
        names = DeviceNames(database)
        await names.save_mark("a", True)
        await names.save_mark("b", True)
        await names.save_mark("b", False)
        await names.save_mark("c", True)
        await names.forget("c")
    async with open_database(path) as database:
        assert await DeviceNames(database).marks() == {"a": True, "b": False}


async def test_what_was_acknowledged_is_on_the_disk(tmp_path: Path) -> None:
    async with open_database(tmp_path / "pichat.db") as database:
        assert await database.read("PRAGMA journal_mode") == [("wal",)]
        assert await database.read("PRAGMA synchronous") == [(2,)]


async def test_a_newer_store_is_refused_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "pichat.db"
    async with open_database(path) as database:
        await database.write("PRAGMA user_version = 99")
    with pytest.raises(StartError, match="newer PiChat"):
        async with open_database(path):
            pass


async def test_a_file_that_is_no_database_is_refused_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "pichat.db"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(StartError, match="cannot be opened"):
        async with open_database(path):
            pass


async def test_rows_of_one_write_are_all_or_none(tmp_path: Path) -> None:
    async with open_database(tmp_path / "pichat.db") as database:
        with pytest.raises(sqlite3.IntegrityError):
            await database.write_many(
                "INSERT INTO device_names (id, name) VALUES (?, ?)", [("a", "x"), ("b", None)]
            )
        assert await DeviceNames(database).all() == {}


async def test_a_write_beside_rows_that_fail_is_kept(tmp_path: Path) -> None:
    async with open_database(tmp_path / "pichat.db") as database:
        rows = database.write_many(
            "INSERT INTO device_names (id, name) VALUES (?, ?)", [("a", "x"), ("b", None)]
        )
        names = DeviceNames(database)
        failed, *_ = await asyncio.gather(
            rows, names.save("c", "lamp", None), names.save("d", "plug", None),
            return_exceptions=True,
        )  # fmt: skip
        assert isinstance(failed, sqlite3.IntegrityError)
        assert await names.all() == {"c": ("lamp", None), "d": ("plug", None)}


async def test_an_audit_that_could_not_be_written_is_written_later(tmp_path: Path) -> None:
    async with (
        open_database(tmp_path / "pichat.db") as database,
        open_audit(database, again_s=0.01) as audit,
    ):
        await database.write("ALTER TABLE audit RENAME TO elsewhere")
        audit.add("turn-1", "voice", CALL, "ok")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(audit.flushed(), 0.1)
        await database.write("ALTER TABLE elsewhere RENAME TO audit")
        await asyncio.wait_for(audit.flushed(), 5)
        assert await database.read("SELECT turn_id FROM audit") == [("turn-1",)]


async def test_the_audit_is_whole_when_it_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "pichat.db"
    async with open_database(path) as database:
        async with open_audit(database) as audit:
            for number in range(200):
                audit.add(f"turn-{number}", "voice", CALL, "ok")
        rows = await database.read("SELECT turn_id, tool, outcome FROM audit ORDER BY id")
    assert len(rows) == 200
    assert rows[0] == ("turn-0", "set_device_state", "ok")


async def test_an_audit_that_is_far_behind_says_busy() -> None:
    audit = Audit()
    with pytest.raises(BusyError):
        for number in range(2000):
            audit.admit()
            audit.add(f"turn-{number}", "voice", CALL, "ok")


async def test_muting_holds_over_a_restart(tmp_path: Path) -> None:
    async with open_database(tmp_path / "pichat.db") as database:
        settings = Settings(database)
        assert await settings.muted() is False
        await settings.save_muted(True)
    async with open_database(tmp_path / "pichat.db") as database:
        assert await Settings(database).muted() is True
        await Settings(database).save_muted(False)
        assert await Settings(database).muted() is False
