"""What a wake word engine is, and how the configured one is loaded.

An engine is a file of this folder whose name is the config value; it has `create(word)`.
"""

from __future__ import annotations

from typing import Protocol, cast

from pichat.modules import load_engine


class WakeWord(Protocol):
    """One wake word, listened for in one continuous stream. Used by one thread at a time."""

    def process(self, pcm: bytes) -> float:
        """Take the next 16 kHz mono int16 sound, of any length. The likelihood, 0 to 1, that the
        word has just been said: the highest new score, else the one before."""
        ...

    def close(self) -> None: ...


def load_wake_word(engine: str, word: str) -> WakeWord:
    """The engine's detector of `word`. Raises ConfigError when either is not known."""
    return cast("WakeWord", load_engine("wake", engine, "wake word engine").create(word))
