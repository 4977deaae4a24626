"""For the screens: what to show, who answers, and how the daemon's parts are."""

from __future__ import annotations

from typing import Literal

import msgspec


class ScreenCommand(msgspec.Struct, frozen=True, kw_only=True, tag="frontend_command"):
    """Something to show on the screens. `area`: only on those of a room."""

    kind: Literal["notification", "page", "list"]
    title: str
    text: str = ""
    items: tuple[str, ...] = ()
    area: str | None = None


class ProfilesChanged(msgspec.Struct, frozen=True, kw_only=True, tag="profiles_changed"):
    """The names of all profiles, and which of them answers where none was called."""

    names: tuple[str, ...]
    active: str


class ClientSettingsChanged(
    msgspec.Struct, frozen=True, kw_only=True, tag="client_settings_changed"
):
    """What a front end wants kept for it, or one of its presets, is not as it was."""

    client_id: str


class SuggestionsChanged(msgspec.Struct, frozen=True, kw_only=True, tag="suggestions_changed"):
    """The sentences that screens offer are others."""


class UsersChanged(msgspec.Struct, frozen=True, kw_only=True, tag="users_changed"):
    """A person of the house is new, is not as before, or is `gone`."""

    user_id: str
    gone: bool = False


PartStatus = Literal["ok", "degraded", "failed", "off"]


class PartHealth(msgspec.Struct, frozen=True, kw_only=True, tag="health_changed"):
    """The condition of one part. `reason` is a sentence for the owner when it is not ok."""

    part: str
    status: PartStatus
    reason: str | None = None
