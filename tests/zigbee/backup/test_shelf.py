"""Which backups are kept, and that a file is whole or not there."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pichat.errors import NotFoundError, UnavailableError
from pichat.zigbee.backup.listing import stored
from pichat.zigbee.backup.open_coordinator import WITHOUT_NETWORK, Backup, encode
from pichat.zigbee.backup.rotate import NEWEST, WEEKS, Shelf, kept

MONDAY = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def test_the_newest_and_one_a_week_are_kept_over_a_year() -> None:
    shelf: set[float] = set()
    for day in range(365):
        now = MONDAY + timedelta(days=day)
        # One daily, and now and then a few for changes.
        for minutes in range(1 + 3 * (day % 5 == 0)):
            shelf.add((now + timedelta(minutes=minutes)).timestamp())
            shelf = kept(shelf)
        assert len(shelf) <= NEWEST + WEEKS
    times = sorted(datetime.fromtimestamp(time_s, UTC) for time_s in shelf)
    last = MONDAY + timedelta(days=364)
    assert times[-1].date() == last.date()
    weeks = {time.isocalendar()[:2] for time in times}
    assert weeks == {(last - timedelta(weeks=n)).isocalendar()[:2] for n in range(WEEKS)}
    # The one of a week that is over is its last.
    assert all(time.isoweekday() == 7 for time in times if time < last - timedelta(weeks=2))


def test_few_are_all_kept_however_old() -> None:
    times = {MONDAY.timestamp() - years * 3.2e7 for years in range(NEWEST)}
    assert kept(times) == times


def test_files_are_private_named_by_time_and_cleared_away(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "backups")
    start_s = MONDAY.timestamp()
    first = shelf.write(b"first", start_s)
    assert first == "backup-20260302T040000Z.json"
    assert shelf.write(b"again", start_s) == "backup-20260302T040000Z-2.json"
    path = shelf.directory / first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(shelf.directory.stat().st_mode) == 0o700
    (shelf.directory / "before-moving.json").write_bytes(b"{}")
    for minute in range(1, 20):
        shelf.write(b"x", start_s + 60 * minute)
    names = [entry.name for entry in shelf.entries() if entry.ours]
    assert len(names) == NEWEST
    assert names[0] == "backup-20260302T041900Z.json"
    assert first not in names
    # What somebody else put there is never cleared away, and nothing is left half written.
    assert (shelf.directory / "before-moving.json").exists()
    assert not [each for each in shelf.directory.iterdir() if each.name.endswith(".new")]


def test_names_lead_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text("{}")
    shelf = Shelf(tmp_path / "backups")
    shelf.write(b"x", 0.0)
    for name in ("../secret.json", str(tmp_path / "secret.json"), "..", ".hidden", "none.json"):
        with pytest.raises(NotFoundError):
            shelf.read(name)


def test_a_disk_that_takes_nothing_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "backups").write_text("a file where the folder should be")
    with pytest.raises(UnavailableError, match="cannot be written"):
        Shelf(tmp_path / "backups").write(b"x", 0.0)


def test_damaged_ones_are_listed_with_the_reason(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "backups")
    assert stored(shelf) == ()
    shelf.write(encode(Backup(network=None, made_s=5.0, devices=3, database=b"x")), 5.0)
    shelf.write(b'{"metadata": {"format": "' + WITHOUT_NETWORK.encode(), 6.0)
    damaged, whole = stored(shelf)
    assert damaged.problem is not None
    assert "damaged" in damaged.problem
    assert (whole.problem, whole.devices, whole.complete, whole.made_s) == (None, 3, True, 5.0)
