"""The sound that marks waking: two short rising notes, made here so that no file is needed."""

from __future__ import annotations

import numpy as np

CHIME_RATE_HZ = 24_000
_NOTES_HZ = (880.0, 1318.5)  # a fifth apart: heard as a question, not as an alarm
_NOTE_S = 0.06
_LOUDNESS = 0.18


def chime() -> bytes:
    """0.12 s of mono int16 at CHIME_RATE_HZ."""
    at_s = np.arange(int(_NOTE_S * CHIME_RATE_HZ)) / CHIME_RATE_HZ
    # Fading in and out keeps the edges of a note from clicking.
    envelope = np.sin(np.pi * at_s / _NOTE_S) ** 0.5
    notes = [np.sin(2 * np.pi * hz * at_s) * envelope for hz in _NOTES_HZ]
    return (np.concatenate(notes) * _LOUDNESS * 32767).astype(np.int16).tobytes()
