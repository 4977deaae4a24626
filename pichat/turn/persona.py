"""Whom a person talks to: the profile that answers, and how it sounds."""

from __future__ import annotations

from dataclasses import dataclass, field

from pichat.config.types import Style


@dataclass(frozen=True, slots=True)
class Persona:
    """`profile`: its name, "" for whoever is active; `language`: None for the house's."""

    profile: str = ""
    style: Style = field(default_factory=Style)
    language: str | None = None
