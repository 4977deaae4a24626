"""Sound through a wake engine in 20 ms blocks."""

from __future__ import annotations

from collections.abc import Sequence

from pichat.audio.wav import blocks
from pichat.config.types import WakeWord
from pichat.wake.base import Wake, WakeWords, load_wake_words

ENGINES = ("both", "microwakeword", "openwakeword")


def engine_of(name: str, *words: str, threshold: float | None = None) -> WakeWords:
    wanted = [WakeWord(word=word, threshold=threshold) for word in words]
    return load_wake_words(name, wanted, None)


def heard(engine: WakeWords, sound: bytes) -> list[Wake]:
    """Everything that was told, near misses too."""
    return [wake for block in blocks(sound) if (wake := engine.process(block))]


def words(wakes: Sequence[Wake]) -> list[str]:
    return [wake.word for wake in wakes if not wake.near_miss]
