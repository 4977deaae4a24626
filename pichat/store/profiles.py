"""What the owner changed of the profiles."""

from __future__ import annotations

from typing import Any

import msgspec

from pichat.store.db import Database, Statement

_ACTIVE, _WAKE_WORDS = "active_profile", "wake_words"


class KeptProfiles(msgspec.Struct, frozen=True, kw_only=True):
    """`changes`: JSON values by dotted setting, by the profile's name. `wake_words`: whom a word
    calls, None for whichever profile is active; only those that were changed."""

    changes: dict[str, dict[str, Any]] = {}
    active: str = "default"
    wake_words: dict[str, str | None] = {}


class ProfileTable:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self) -> KeptProfiles:
        rows = await self._database.read("SELECT name, changes FROM profiles ORDER BY name")
        settings = dict(
            await self._database.read(
                "SELECT name, value FROM settings WHERE name IN (?, ?)", (_ACTIVE, _WAKE_WORDS)
            )
        )
        return KeptProfiles(
            changes={name: msgspec.json.decode(changes) for name, changes in rows},
            active=msgspec.json.decode(settings.get(_ACTIVE, '"default"'), type=str),
            wake_words=msgspec.json.decode(
                settings.get(_WAKE_WORDS, "{}"), type=dict[str, str | None]
            ),
        )

    async def save(self, kept: KeptProfiles, name: str) -> None:
        """The profile `name` as it is in `kept`, or that it is no more, and what is not of one
        profile; all or nothing. Raises UnavailableError when the disk does not take it."""
        await self._database.write_together(
            [
                _row(name, kept.changes.get(name)),
                _setting(_ACTIVE, kept.active),
                _setting(_WAKE_WORDS, kept.wake_words),
            ]
        )


def _row(name: str, changes: dict[str, Any] | None) -> Statement:
    if changes is None:
        return "DELETE FROM profiles WHERE name = ?", (name,)
    sql = (
        "INSERT INTO profiles (name, changes) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET changes = excluded.changes"
    )
    return sql, (name, msgspec.json.encode(changes).decode())


def _setting(name: str, value: object) -> Statement:
    sql = (
        "INSERT INTO settings (name, value) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
    )
    return sql, (name, msgspec.json.encode(value).decode())
