"""What front ends want kept for them: their settings and presets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeVar

import msgspec
import structlog
from msgspec import UNSET, Meta, Struct, UnsetType

from pichat.store.db import Database, Statement

log = structlog.get_logger(__name__)

LanguageCode = Annotated[str, Meta(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)]
"""Such as `en` or `pt-BR`."""


class LlmWishes(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who answers, and how. What is left out is as the profile has it.

    `model`: a provider of the config, one of its models as `provider:model`, `local`, `intents` for
    commands of the house alone, or `auto` for whoever the profile would ask. `profile`: who answers
    instead of the active one."""

    model: Annotated[str, Meta(min_length=1, max_length=200)] | UnsetType | None = UNSET
    system_prompt: Annotated[str, Meta(max_length=16_000)] | UnsetType | None = UNSET
    temperature: Annotated[float, Meta(ge=0, le=2)] | UnsetType | None = UNSET
    top_p: Annotated[float, Meta(ge=0, le=1)] | UnsetType | None = UNSET
    max_tokens: Annotated[int, Meta(ge=1, le=1_000_000)] | UnsetType | None = UNSET
    profile: Annotated[str, Meta(min_length=1, max_length=64)] | UnsetType | None = UNSET


class TtsWishes(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How answers sound. `accent` is a word such as british or polish; `rate` and `volume` are
    factors; `language` is a code such as en or de."""

    gender: Literal["female", "male"] | UnsetType | None = UNSET
    accent: Annotated[str, Meta(min_length=1, max_length=40)] | UnsetType | None = UNSET
    rate: Annotated[float, Meta(ge=0.5, le=2)] | UnsetType | None = UNSET
    volume: Annotated[float, Meta(ge=0, le=1)] | UnsetType | None = UNSET
    language: LanguageCode | UnsetType | None = UNSET


class SttWishes(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """In which `language` is spoken, as a code such as en or de."""

    language: LanguageCode | UnsetType | None = UNSET


class Wishes(Struct, frozen=True, kw_only=True):
    """Those of a client or of a preset. As they are kept, no field is null."""

    llm: LlmWishes = LlmWishes()
    tts: TtsWishes = TtsWishes()
    stt: SttWishes = SttWishes()


class KeptPreset(Struct, frozen=True, kw_only=True):
    name: str
    wishes: Wishes
    created_s: float  # seconds since the epoch


class KeptClient(Struct, frozen=True, kw_only=True):
    """`ui`: JSON that the front end alone understands. `tools`: patterns of those that its chats
    may use, None for all."""

    wishes: Wishes = Wishes()
    ui: dict[str, Any] = {}
    active_preset: str | None = None
    tools: tuple[str, ...] | None = None
    presets: tuple[KeptPreset, ...] = ()

    @property
    def size_bytes(self) -> int:
        """As JSON."""
        return len(msgspec.json.encode(self))


class _Row(Struct, frozen=True, kw_only=True):
    wishes: Wishes = Wishes()
    ui: dict[str, Any] = {}


W = TypeVar("W", Wishes, _Row)


class ClientTable:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self) -> dict[str, KeptClient]:
        """By id. What cannot be read is left out, and the log says so."""
        presets: dict[str, list[KeptPreset]] = {}
        for client_id, name, settings, created_s in await self._database.read(
            "SELECT client_id, name, settings, created_s FROM presets ORDER BY created_s, rowid"
        ):
            wishes = _read(settings, Wishes, client_id)
            kept = KeptPreset(name=name, wishes=wishes, created_s=created_s)
            presets.setdefault(client_id, []).append(kept)
        found = {}
        for client_id, settings, active, tools in await self._database.read(
            "SELECT id, settings, active_preset, tools FROM clients ORDER BY id"
        ):
            row = _read(settings, _Row, client_id)
            found[client_id] = KeptClient(
                wishes=row.wishes,
                ui=row.ui,
                active_preset=active,
                tools=msgspec.json.decode(tools, type=tuple[str, ...] | None),
                presets=tuple(presets.get(client_id, ())),
            )
        return found

    async def save(self, client_id: str, kept: KeptClient) -> None:
        """All of a client, or that nothing is kept of it any more; all or nothing. Raises
        UnavailableError when the disk does not take it."""
        await self._database.write_together(_statements(client_id, kept))


def _statements(client_id: str, kept: KeptClient) -> Iterator[Statement]:
    yield "DELETE FROM presets WHERE client_id = ?", (client_id,)
    yield "DELETE FROM clients WHERE id = ?", (client_id,)
    if kept == KeptClient():
        return
    settings = _json(_Row(wishes=kept.wishes, ui=kept.ui))
    yield (
        "INSERT INTO clients (id, settings, active_preset, tools) VALUES (?, ?, ?, ?)",
        (client_id, settings, kept.active_preset, _json(kept.tools)),
    )
    for each in kept.presets:
        yield (
            "INSERT INTO presets (client_id, name, settings, created_s) VALUES (?, ?, ?, ?)",
            (client_id, each.name, _json(each.wishes), each.created_s),
        )


def _json(value: Struct | tuple[str, ...] | None) -> str:
    return msgspec.json.encode(value).decode()


def _read(text: str, kind: type[W], client_id: str) -> W:
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError as error:
        log.warning("client's settings not read", client_id=client_id, reason=str(error))
        return kind()
