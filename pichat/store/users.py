"""The people of the house: who they are, on what terms they are answered, and what they like."""

from __future__ import annotations

import sqlite3
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from pichat.errors import BadRequestError
from pichat.store.db import Database

Kind = Literal["adult", "child", "guest"]


class OwnTerms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the owner set for a person; the rest is as the kind of person has it. `tools`: patterns
    of names, None for all."""

    tools: tuple[str, ...] | UnsetType | None = UNSET
    may_use_cloud: bool | UnsetType = UNSET


class VoiceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How answers sound. `accent` is a word such as british or polish. None: as the profile has
    it."""

    gender: Literal["female", "male"] | None = None
    accent: str | None = None


class PersonalSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`selected_model`: `auto` for the profile's chain, else one step of a chain. `language`: None
    for the profile's. `ui`: what screens keep for themselves, as JSON."""

    selected_model: str = "auto"
    voice_settings: VoiceSettings = VoiceSettings()
    language: str | None = None
    theme: Literal["auto", "light", "dark"] = "auto"
    ui: dict[str, Any] = {}


class User(msgspec.Struct, frozen=True, kw_only=True):
    """`profile`: who answers this person, None for whoever is active. `created_s` is in seconds
    since the epoch; 0 for `house` and `guest`, which are always there."""

    id: str
    name: str
    kind: Kind
    profile: str | None = None
    terms: OwnTerms = OwnTerms()
    settings: PersonalSettings = PersonalSettings()
    created_s: float = 0.0


class UserTable:
    """Changes are on the disk when these return. They raise UnavailableError when it does not take
    them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[User]:
        """Oldest first."""
        rows = await self._database.read(
            "SELECT id, name, kind, profile, terms, settings, created_s FROM users"
            " ORDER BY created_s, id DESC"
        )
        return [
            User(
                id=user_id,
                name=name,
                kind=msgspec.convert(kind, Kind),
                profile=profile,
                terms=msgspec.json.decode(terms, type=OwnTerms),
                settings=msgspec.json.decode(settings, type=PersonalSettings),
                created_s=created_s,
            )
            for user_id, name, kind, profile, terms, settings, created_s in rows
        ]

    async def save(self, user: User) -> None:
        """Raises BadRequestError for a name that another one has."""
        try:
            await self._database.write(
                "INSERT INTO users (id, name, kind, profile, terms, settings, created_s)"
                " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
                " name = excluded.name, kind = excluded.kind, profile = excluded.profile,"
                " terms = excluded.terms, settings = excluded.settings",
                (
                    user.id,
                    user.name,
                    user.kind,
                    user.profile,
                    msgspec.json.encode(user.terms).decode(),
                    msgspec.json.encode(user.settings).decode(),
                    user.created_s,
                ),
            )
        except sqlite3.IntegrityError as error:
            raise BadRequestError(f"Somebody is called “{user.name}” already.") from error

    async def forget(self, user_id: str) -> None:
        """The person, and with them their tokens."""
        await self._database.write("DELETE FROM users WHERE id = ?", (user_id,))
