"""The shelf of backups: one file each, the newest and one a week kept, never half a file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pichat.errors import NotFoundError, UnavailableError
from pichat.files import write_whole

NEWEST = 10
WEEKS = 8
_OURS = re.compile(r"backup-(\d{8}T\d{6}Z)(?:-(\d+))?\.json")
_STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class Entry:
    """`made_s` is by the name of files that PiChat wrote; others are never cleared away."""

    name: str
    made_s: float
    ours: bool
    size_bytes: int


def kept(times_s: Iterable[float]) -> set[float]:
    """Those to keep: the newest ten, and the newest of each of the last eight weeks with any."""
    newest_first = sorted(times_s, reverse=True)
    keep = set(newest_first[:NEWEST])
    weeks: dict[tuple[int, int], float] = {}
    for time_s in newest_first:
        year, week, _ = datetime.fromtimestamp(time_s, UTC).isocalendar()
        weeks.setdefault((year, week), time_s)
    return keep | set(list(weeks.values())[:WEEKS])


class Shelf:
    """The directory of backups. Everything here blocks; call it on a thread."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def entries(self) -> list[Entry]:
        """Newest first. Raises UnavailableError."""
        found = []
        try:
            for path in self.directory.glob("*.json"):
                with suppress(FileNotFoundError):  # cleared away meanwhile
                    found.append(_entry(path))
        except OSError as error:
            raise UnavailableError(self._sentence("read", error)) from error
        return sorted(found, key=lambda entry: (entry.made_s, entry.name), reverse=True)

    def read(self, name: str) -> bytes:
        """Raises NotFoundError, UnavailableError."""
        if Path(name).name != name or name.startswith("."):
            raise NotFoundError(f"There is no backup “{name}”.")
        try:
            return (self.directory / name).read_bytes()
        except FileNotFoundError as error:
            raise NotFoundError(
                f"There is no backup “{name}”. `pichat zigbee backups` lists those that there are."
            ) from error
        except OSError as error:
            raise UnavailableError(self._sentence("read", error)) from error

    def write(self, content: bytes, made_s: float) -> str:
        """Its name. On the disk, whole, when this returns; older ones are then cleared away.
        Raises UnavailableError, and leaves nothing half done."""
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            name = self._free_name(made_s)
            write_whole(self.directory / name, content)
        except OSError as error:
            raise UnavailableError(self._sentence("written", error)) from error
        with suppress(OSError):  # too many is better than none
            self._clear()
        return name

    def _free_name(self, made_s: float) -> str:
        stamp = datetime.fromtimestamp(made_s, UTC).strftime(_STAMP)
        name, number = f"backup-{stamp}.json", 1
        while (self.directory / name).exists():
            number += 1
            name = f"backup-{stamp}-{number}.json"
        return name

    def _clear(self) -> None:
        ours = [entry for entry in self.entries() if entry.ours]
        keep = kept(entry.made_s for entry in ours)
        for entry in ours:
            if entry.made_s not in keep:
                (self.directory / entry.name).unlink(missing_ok=True)

    def _sentence(self, deed: str, error: OSError) -> str:
        why = error.strerror or str(error)
        return f"Backups in {self.directory} cannot be {deed} ({why}). Is the disk full?"


def _entry(path: Path) -> Entry:
    stat = path.stat()
    match = _OURS.fullmatch(path.name)
    if match is None:
        return Entry(path.name, stat.st_mtime, ours=False, size_bytes=stat.st_size)
    made = datetime.strptime(match[1], _STAMP).replace(tzinfo=UTC)
    # Those of one second are told apart by their number.
    made_s = made.timestamp() + int(match[2] or 1) / 1000 - 0.001
    return Entry(path.name, made_s, ours=True, size_bytes=stat.st_size)
