"""Sentences as the voice loop would hand them to a recogniser."""

from __future__ import annotations

import hashlib
import os
import wave
from collections.abc import Iterator
from pathlib import Path

from pichat.audio.pcm import SAMPLE_RATE_HZ
from tests.support.speech import silence, synthesise

SILENCE_BEFORE_S = 0.3
SILENCE_AFTER_S = 0.4


def spoken(text: str, voice: str, cache: Path) -> bytes:
    """16 kHz mono int16 of the sentence with the silence that the voice loop leaves around it.
    What was synthesised before comes from `cache`."""
    name = hashlib.sha256(f"{voice}:{text}".encode()).hexdigest()[:24]
    path = cache / f"{name}.wav"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        unfinished = cache / f"{name}.{os.getpid()}.part"
        synthesise(text, voice, unfinished)
        unfinished.rename(path)
    with wave.open(str(path)) as file:
        # The recogniser gets flite's very samples, which no conversion has rounded.
        assert file.getframerate() == SAMPLE_RATE_HZ
        sound: bytes = file.readframes(file.getnframes())
    return silence(SILENCE_BEFORE_S) + sound + silence(SILENCE_AFTER_S)


def blocks(pcm: bytes, block_ms: int = 32) -> Iterator[bytes]:
    size = SAMPLE_RATE_HZ * block_ms // 1000 * 2
    return (pcm[at : at + size] for at in range(0, len(pcm), size))
