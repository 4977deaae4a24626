"""People's voices for tests: flite's, as 16 kHz mono int16."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from pichat.audio.wav import read_wav

VOICES = ("awb", "kal16", "rms", "slt")
WAKING_VOICE = "slt"  # one whose "hey jarvis" openWakeWord's model knows
RATE_HZ = 16_000


@cache
def spoken(text: str, voice: str = WAKING_VOICE) -> bytes:
    """`text` without the silence before and after it."""
    with TemporaryDirectory() as directory:
        file = Path(directory) / "speech.wav"
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(file)], check=True)
        pcm = np.frombuffer(read_wav(file.read_bytes()), np.int16)
    loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > np.abs(pcm).max() * 0.02)
    return pcm[loud[0] : loud[-1] + 1].tobytes()


def silence(seconds: float) -> bytes:
    return bytes(2 * int(RATE_HZ * seconds))


def command(text: str, voice: str = WAKING_VOICE, pause_s: float = 0.3) -> bytes:
    """ "Hey Jarvis", a pause, and `text`: it ends with the last sound of the speech."""
    wake = spoken("hey jarvis", WAKING_VOICE)
    return silence(0.5) + wake + silence(pause_s) + spoken(text, voice)
