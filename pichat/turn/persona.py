"""Whom a person talks to: the profile that answers, and how it sounds."""

from __future__ import annotations

from dataclasses import dataclass, field

from pichat.config.types import Style
from pichat.events import Source


@dataclass(frozen=True, slots=True)
class Persona:
    """`profile`: its name, "" for whoever is active; `language`: None for the house's. `user_id`:
    the person who talks, as far as that is known, and as what their wishes count (`source`)."""

    profile: str = ""
    style: Style = field(default_factory=Style)
    language: str | None = None
    user_id: str = "house"
    source: Source = "voice"
