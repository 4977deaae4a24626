"""What listens for wake words, and how the configured engine is loaded.

An engine is a file of this folder whose name is the config value; it has
`create(words, folder)`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, cast

from pichat.config.types import WakeWord as WantedWord
from pichat.modules import load_engine


@dataclass(frozen=True, slots=True)
class Wake:
    """A wake word was said, or nearly (`near_miss`: one engine took it and another did not).
    `scores`: engine → its highest score for the word, 0 to 1."""

    word: str
    scores: Mapping[str, float] = field(default_factory=dict)
    near_miss: bool = False


class WakeWords(Protocol):
    """Wake words, listened for in one continuous stream. Used by one thread at a time."""

    def process(self, pcm: bytes) -> Wake | None:
        """Take the next 16 kHz mono int16 sound, of any length. A word that has just been said is
        told once; thresholds, verifying and arming again are the engine's own affair."""
        ...

    def be_strict(self, strict: bool) -> None:
        """While PiChat itself speaks, one high score is not enough."""
        ...

    def scores(self) -> dict[str, dict[str, float]]:
        """engine → word → the highest score since the last call; engines that did not run are
        left out."""
        ...

    def close(self) -> None: ...


def load_wake_words(engine: str, words: Sequence[WantedWord], folder: Path | None) -> WakeWords:
    """The engine's detector of `words`; `folder` holds the owner's own models. Raises ConfigError
    when the engine or a word is not known."""
    module = load_engine("wake", engine, "wake word engine")
    return cast("WakeWords", module.create(words, folder))
