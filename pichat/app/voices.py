"""How PiChat can sound, for those who ask for a voice by its name."""

from __future__ import annotations

from pathlib import Path

from pichat.app.parts import Parts
from pichat.app.speech import style_of
from pichat.config.types import Style
from pichat.models.shelf import installed
from pichat.turn.profiles import Profiles


class InstalledVoices:
    """Implements gateway.services.voices.Voices."""

    def __init__(self, parts: Parts, profiles: Profiles) -> None:
        self._parts = parts
        self._profiles = profiles

    def of_profile(self, name: str) -> Style:
        """See Voices."""
        return style_of(self._parts, self._profiles, name or self._profiles.active)

    def installed(self, name: str) -> Path | None:
        """See Voices. A name, and never a path: whoever asks may be anybody."""
        for each in installed(self._parts.state_dir):
            if (each.name, each.kind) == (name, "piper-voice"):
                return each.path
        return None
