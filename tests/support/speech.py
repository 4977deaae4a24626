"""Voices for tests as 16 kHz mono int16: flite's for people, espeak-ng's for one more."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from pichat.audio.pcm import SAMPLE_RATE_HZ
from pichat.audio.wav import read_wav

VOICES = ("awb", "kal16", "rms", "slt")
WAKING_VOICE = "slt"  # one whose "hey jarvis" openWakeWord's model knows


def synthesise(text: str, voice: str, file: Path) -> None:
    """flite's own recording of `text`, with the silence that it puts around it."""
    subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(file)], check=True)


@cache
def spoken(text: str, voice: str = WAKING_VOICE) -> bytes:
    """`text` without the silence before and after it."""
    with TemporaryDirectory() as directory:
        file = Path(directory) / "speech.wav"
        synthesise(text, voice, file)
        pcm = np.frombuffer(read_wav(file.read_bytes()), np.int16)
    loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > np.abs(pcm).max() * 0.02)
    return pcm[loud[0] : loud[-1] + 1].tobytes()


@cache
def espoken(text: str, voice: str = "en") -> bytes:
    """`text` by espeak-ng."""
    command = ["espeak-ng", "-v", voice, "--stdout", text]
    return read_wav(subprocess.run(command, check=True, capture_output=True).stdout)


def silence(seconds: float) -> bytes:
    return bytes(2 * int(SAMPLE_RATE_HZ * seconds))


def command(text: str, voice: str = WAKING_VOICE, pause_s: float = 0.3) -> bytes:
    """ "Hey Jarvis", a pause, and `text`: it ends with the last sound of the speech."""
    wake = spoken("hey jarvis", WAKING_VOICE)
    return silence(0.5) + wake + silence(pause_s) + spoken(text, voice)
