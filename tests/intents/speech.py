"""Sentences spoken by flite, as the voice loop would hand them to a recogniser."""

from __future__ import annotations

import hashlib
import os
import subprocess
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soxr

RATE_HZ = 16000
VOICES = ("awb", "kal16", "rms", "slt")
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
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(unfinished)], check=True)
        unfinished.rename(path)
    with wave.open(str(path)) as file:
        rate = file.getframerate()
        sound = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    if rate != RATE_HZ:
        sound = soxr.resample(sound, rate, RATE_HZ)
    before = np.zeros(int(SILENCE_BEFORE_S * RATE_HZ), np.int16)
    after = np.zeros(int(SILENCE_AFTER_S * RATE_HZ), np.int16)
    return np.concatenate([before, sound, after]).tobytes()


def blocks(pcm: bytes, block_ms: int = 32) -> Iterator[bytes]:
    size = RATE_HZ * block_ms // 1000 * 2
    return (pcm[at : at + size] for at in range(0, len(pcm), size))
