"""Names and rooms of devices."""

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

    async def forget(self, device_id: str) -> None:
        await self._database.write("DELETE FROM device_names WHERE id = ?", (device_id,))
