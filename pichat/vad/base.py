"""What a voice activity detector is, and how one is loaded.

An engine is a file of this folder; it has `create()`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, cast

from pichat.errors import ConfigError


class VoiceActivity(Protocol):
    """Judges one continuous stream of sound. Used by one thread at a time."""

    def process(self, pcm: bytes) -> float | None:
        """Take the next 16 kHz mono int16 sound, of any length. The probability, 0 to 1, that
        somebody speaks at its end; None while too little was heard since the start or the last
        `reset` to say so, which is not silence."""
        ...

    def reset(self) -> None:
        """What comes next does not continue what came before."""
        ...


def load_voice_activity(engine: str) -> VoiceActivity:
    """Raises ConfigError when the engine is not known."""
    name = f"pichat.vad.{engine.replace('-', '_')}"
    try:
        module = import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise ConfigError(f"There is no voice activity engine called “{engine}”.") from error
    return cast("VoiceActivity", module.create())
