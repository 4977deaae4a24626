"""What a voice activity detector is, and how one is loaded.

An engine is a file of this folder; it has `create()`.
"""

from __future__ import annotations

from typing import Protocol, cast

from pichat.modules import load_engine


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
    return cast("VoiceActivity", load_engine("vad", engine, "voice activity engine").create())
