"""Clients and presets as people see them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from pichat.gateway.clients.presets import active_preset
from pichat.gateway.clients.wishes import (
    LlmSettings,
    Settings,
    SttSettings,
    TtsSettings,
    set_names,
)
from pichat.store.clients import KeptClient, Wishes


class PresetView(msgspec.Struct, frozen=True, kw_only=True):
    """A preset: what the client had set when it was made. `index` counts from 0, oldest first.
    `active`: it holds where the client has set nothing."""

    index: int
    name: str
    active: bool
    created_at: datetime
    settings: Wishes


class ClientView(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for a client. `changed`: what it set itself, by dotted names such as
    `llm.temperature`; the rest is its active preset's, or else as the profile has it. `ui` is its
    own. `presets`: their names, oldest first."""

    client_id: str
    llm: LlmSettings
    tts: TtsSettings
    stt: SttSettings
    ui: dict[str, Any]
    changed: tuple[str, ...]
    active_preset: str | None
    presets: tuple[str, ...]


def client_view(client_id: str, kept: KeptClient, now: Settings) -> ClientView:
    active = active_preset(kept)
    return ClientView(
        client_id=client_id,
        llm=now.llm,
        tts=now.tts,
        stt=now.stt,
        ui=kept.ui,
        changed=(*set_names(kept.wishes), *(["ui"] if kept.ui else [])),
        active_preset=active.name if active else None,
        presets=tuple(each.name for each in kept.presets),
    )


def preset_views(kept: KeptClient) -> tuple[PresetView, ...]:
    """Oldest first."""
    return tuple(
        PresetView(
            index=index,
            name=each.name,
            active=each is active_preset(kept),
            created_at=datetime.fromtimestamp(each.created_s, UTC),
            settings=each.wishes,
        )
        for index, each in enumerate(kept.presets)
    )
