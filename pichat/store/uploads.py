"""Files that were sent: what is known of each. The files themselves are beside the store."""

from __future__ import annotations

import msgspec

from pichat.store.db import Database

_COLUMNS = "id, name, media_type, size_bytes, width_px, height_px, user_id, created_s, used_s"


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """`name` is what its sender called it, for people only. The pixels are a picture's. Times are
    seconds since the epoch."""

    id: str
    name: str
    media_type: str
    size_bytes: int
    width_px: int | None = None
    height_px: int | None = None
    user_id: str
    created_s: float
    used_s: float


class UploadTable:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, upload: Upload) -> None:
        """Raises UnavailableError when the disk does not take it."""
        values = tuple(getattr(upload, name) for name in _COLUMNS.split(", "))
        await self._database.write(
            f"INSERT INTO uploads ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608  (constants)
            values,
        )

    async def get(self, upload_id: str, user_id: str) -> Upload | None:
        """The file of that id, if it is the user's."""
        rows = await self._database.read(
            f"SELECT {_COLUMNS} FROM uploads WHERE id = ? AND user_id = ?",  # noqa: S608  (constants)
            (upload_id, user_id),
        )
        return _read(rows[0]) if rows else None

    async def of_user(self, user_id: str) -> tuple[Upload, ...]:
        """Newest first."""
        rows = await self._database.read(
            f"SELECT {_COLUMNS} FROM uploads WHERE user_id = ? ORDER BY created_s DESC, id",  # noqa: S608  (constants)
            (user_id,),
        )
        return tuple(map(_read, rows))

    async def all(self) -> tuple[Upload, ...]:
        """The longest unused first."""
        rows = await self._database.read(
            f"SELECT {_COLUMNS} FROM uploads ORDER BY used_s, id"  # noqa: S608  (constants)
        )
        return tuple(map(_read, rows))

    async def total(self) -> tuple[int, int]:
        """How many files there are, and their bytes together."""
        rows = await self._database.read(
            "SELECT count(*), coalesce(sum(size_bytes), 0) FROM uploads"
        )
        return int(rows[0][0]), int(rows[0][1])

    async def use(self, upload_id: str, at_s: float) -> None:
        """Note that it was used. Raises as `add`."""
        await self._database.write("UPDATE uploads SET used_s = ? WHERE id = ?", (at_s, upload_id))

    async def delete(self, upload_id: str) -> None:
        """Raises as `add`."""
        await self._database.write("DELETE FROM uploads WHERE id = ?", (upload_id,))


def _read(row: tuple[object, ...]) -> Upload:
    return msgspec.convert(dict(zip(_COLUMNS.split(", "), row, strict=True)), Upload)
