"""What the actions need of voices."""

from pathlib import Path
from typing import Protocol

from pichat.config.types import Style

_PLAIN = Style()


class Voices(Protocol):
    """How PiChat can sound."""

    def of_profile(self, name: str) -> Style:
        """As a profile does; "" for the active one."""
        ...

    def installed(self, name: str) -> Path | None:
        """The Piper voice that was installed under that name."""
        ...


class PlainVoice:
    """Implements Voices: a house with one voice."""

    def of_profile(self, name: str) -> Style:  # noqa: ARG002
        return _PLAIN

    def installed(self, name: str) -> Path | None:  # noqa: ARG002
        return None
