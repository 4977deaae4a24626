"""For the screens: what to show, who answers, and how the daemon's parts are."""

from __future__ import annotations

from typing import Any, Literal

import msgspec


class ScreenCommand(msgspec.Struct, frozen=True, kw_only=True, tag="frontend_command"):
    """Something for the screens to do, most often to show. `command` and `data` say it in one form,
    `kind`, `title`, `text` and `items` what there is to show in another; `other` is nothing to
    show. A screen that does it says `took_command` with the `id`, where there is one.

    `target`: the name or id of a screen, or a room; None for all. `sender`: the id of the screen
    that it comes from, which does not need to be told."""

    kind: Literal["notification", "page", "list", "other"]
    title: str
    text: str = ""
    items: tuple[str, ...] = ()
    id: str = ""
    command: str = ""
    data: dict[str, Any] = {}
    target: str | None = None
    sender: str = ""

    def __post_init__(self) -> None:
        if not self.command:
            shown = {"title": self.title, "message": self.text or self.title, "items": self.items}
            msgspec.structs.force_setattr(self, "command", f"show_{self.kind}")
            msgspec.structs.force_setattr(self, "data", shown)


class ScreenSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A screen that shows what it is told to. `area`: the room that it is in, when known."""

    id: str
    name: str
    area: str | None = None


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """Who did what the screens were told: those that said so (`took`), and those that were told and
    say nothing of it (`sent_to`)."""

    took: tuple[ScreenSeen, ...] = ()
    sent_to: tuple[ScreenSeen, ...] = ()


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


PairingState = Literal["open", "paired", "expired", "stopped", "wrong_codes"]


class PairingChanged(msgspec.Struct, frozen=True, kw_only=True, tag="pairing_changed"):
    """A way in was opened, which a code leads to, or it is closed again. `expires_s`: seconds since
    the epoch. `token_id`: of whoever was paired, then under that `name`."""

    id: str
    state: PairingState
    scope: Literal["guest", "agent", "screen", "admin"]
    name: str | None
    area: str | None
    expires_s: float
    token_id: str | None = None


PartStatus = Literal["ok", "degraded", "failed", "off"]


class PartHealth(msgspec.Struct, frozen=True, kw_only=True, tag="health_changed"):
    """The condition of one part. `reason` is a sentence for the owner when it is not ok."""

    part: str
    status: PartStatus
    reason: str | None = None
