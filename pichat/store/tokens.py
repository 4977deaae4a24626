"""The screens and programs that were let in, each by a token of which only the hash is kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

import msgspec

from pichat.errors import NotFoundError
from pichat.store.db import Database


class StoredToken(msgspec.Struct, frozen=True, kw_only=True):
    """`hash`: SHA-256 of the token. Times are seconds since the epoch."""

    id: str
    hash: bytes
    name: str
    scope: str
    area: str | None
    user_id: str
    created_s: float
    last_used_s: float | None = None


class TokenTable:
    """Changes are on the disk when these return. They raise UnavailableError when it does not take
    them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[StoredToken]:
        """Oldest first."""
        rows = await self._database.read(
            "SELECT id, hash, name, scope, area, user_id, created_s, last_used_s FROM tokens"
            " ORDER BY created_s, id"
        )
        fields = StoredToken.__struct_fields__
        return [StoredToken(**dict(zip(fields, row, strict=True))) for row in rows]

    async def add(self, token: StoredToken) -> None:
        """Raises NotFoundError for a user who is not there."""
        try:
            await self._database.write(
                "INSERT INTO tokens (id, hash, name, scope, area, user_id, created_s, last_used_s)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                tuple(getattr(token, field) for field in StoredToken.__struct_fields__),
            )
        except sqlite3.IntegrityError as error:
            raise NotFoundError("The person whom that should belong to is not there.") from error

    async def change(self, token_id: str, name: str, area: str | None) -> None:
        await self._database.write(
            "UPDATE tokens SET name = ?, area = ? WHERE id = ?", (name, area, token_id)
        )

    async def forget(self, token_id: str) -> None:
        await self._database.write("DELETE FROM tokens WHERE id = ?", (token_id,))

    async def used(self, at_s: Mapping[str, float]) -> None:
        """When each was used last, by its id."""
        await self._database.write_many(
            "UPDATE tokens SET last_used_s = ? WHERE id = ?",
            [(used_s, token_id) for token_id, used_s in at_s.items()],
        )

    async def user_named(self, wanted: str) -> str:
        """The id of the person with that id or name. Raises NotFoundError."""
        rows = await self._database.read(
            "SELECT id FROM users WHERE id = ?1 OR name = ?1 ORDER BY id <> ?1", (wanted,)
        )
        if not rows:
            raise NotFoundError(f"There is no person called “{wanted[:64]}”.")
        return str(rows[0][0])
