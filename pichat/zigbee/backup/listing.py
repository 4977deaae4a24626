"""The backups that there are, as their owner sees them."""

from __future__ import annotations

import msgspec

from pichat.errors import PiChatError
from pichat.zigbee.backup.open_coordinator import Summary, summarise
from pichat.zigbee.backup.rotate import Entry, Shelf


class StoredBackup(msgspec.Struct, frozen=True, kw_only=True):
    """One file in `<state directory>/backups`. `made_s`: seconds since the epoch. `problem`: why it
    cannot be used; then the rest is unknown. `complete`: it brings the devices back by itself."""

    name: str
    size_bytes: int
    made_s: float
    devices: int = 0
    complete: bool = False
    source: str = ""
    coordinator_id: str | None = None
    channel: int | None = None
    pan_id: int | None = None
    extended_pan_id: str | None = None
    problem: str | None = None


def stored(shelf: Shelf) -> tuple[StoredBackup, ...]:
    """Newest first. Blocks. Raises UnavailableError."""
    return tuple(describe(shelf, entry) for entry in shelf.entries())


def describe(shelf: Shelf, entry: Entry) -> StoredBackup:
    try:
        summary, _ = summarise(shelf.read(entry.name), entry.name)
    except PiChatError as error:
        return StoredBackup(
            name=entry.name,
            size_bytes=entry.size_bytes,
            made_s=entry.made_s,
            problem=error.sentence,
        )
    return of_summary(entry, summary)


def of_summary(entry: Entry, summary: Summary) -> StoredBackup:
    return StoredBackup(
        name=entry.name, size_bytes=entry.size_bytes, **msgspec.structs.asdict(summary)
    )
