"""What people switch while PiChat runs, and what holds after a restart as well."""

from __future__ import annotations

import msgspec

from pichat.store.db import Database

_MUTED = "muted"


class Settings:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def muted(self) -> bool:
        """Whether the microphone was muted last; not, if nobody ever did."""
        rows = await self._database.read("SELECT value FROM settings WHERE name = ?", (_MUTED,))
        return bool(rows) and msgspec.json.decode(rows[0][0], type=bool)

    async def save_muted(self, muted: bool) -> None:
        """Raises UnavailableError when the disk does not take it."""
        await self._database.write(
            "INSERT INTO settings (name, value) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (_MUTED, msgspec.json.encode(muted).decode()),
        )
