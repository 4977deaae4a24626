"""espeak-ng's voice for tests, as 16 kHz mono int16."""

from __future__ import annotations

import subprocess
from functools import cache

from pichat.audio.wav import read_wav


@cache
def espoken(text: str, voice: str = "en") -> bytes:
    done = subprocess.run(
        ["espeak-ng", "-v", voice, "--stdout", text], check=True, capture_output=True
    )
    return read_wav(done.stdout)
