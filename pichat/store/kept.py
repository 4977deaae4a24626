"""What devices told last, a row for each."""

from __future__ import annotations

from collections.abc import Mapping

from pichat.store.db import Database


class KeptDevices:
    """Rows are bytes that only whoever wrote them reads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> dict[str, bytes]:
        """By device id."""
        return dict(await self._database.read("SELECT id, kept FROM kept_devices"))

    async def save(self, rows: Mapping[str, bytes]) -> None:
        """All of them in one transaction, or none. Raises UnavailableError."""
        await self._database.write_many(
            "INSERT INTO kept_devices (id, kept) VALUES (?, ?)"
            " ON CONFLICT (id) DO UPDATE SET kept = excluded.kept",
            list(rows.items()),
        )

    async def forget(self, device_id: str) -> None:
        await self._database.write("DELETE FROM kept_devices WHERE id = ?", (device_id,))
