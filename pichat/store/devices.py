"""Names and rooms of devices, and which of them ask first."""

from __future__ import annotations

from pichat.store.db import Database


class DeviceNames:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> dict[str, tuple[str, str | None]]:
        """Every stored (name, area), by device id."""
        rows = await self._database.read("SELECT id, name, area FROM device_names")
        return {device_id: (name, area) for device_id, name, area in rows}

    async def save(self, device_id: str, name: str, area: str | None) -> None:
        await self._database.write(
            "INSERT INTO device_names (id, name, area) VALUES (?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET name = excluded.name, area = excluded.area",
            (device_id, name, area),
        )

    async def marks(self) -> dict[str, bool]:
        """Whether to ask before it opens, unlocks or heats, by device id, where somebody said."""
        rows = await self._database.read("SELECT id, confirm FROM device_marks")
        return {device_id: bool(confirm) for device_id, confirm in rows}

    async def save_mark(self, device_id: str, confirm: bool) -> None:
        await self._database.write(
            "INSERT INTO device_marks (id, confirm) VALUES (?, ?)"
            " ON CONFLICT (id) DO UPDATE SET confirm = excluded.confirm",
            (device_id, int(confirm)),
        )

    async def forget(self, device_id: str) -> None:
        # The mark first: should only that be done, the device is asked about by its kind again.
        await self._database.write("DELETE FROM device_marks WHERE id = ?", (device_id,))
        await self._database.write("DELETE FROM device_names WHERE id = ?", (device_id,))
