"""What is to be heard in a room, all of it compared with how loud a person is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import Literal

import numpy as np

from pichat.audio.pcm import SAMPLE_RATE_HZ, samples
from pichat.audio.wav import read_wav
from tests.support import noise
from tests.support.room import Air, Wave
from tests.support.speech import VOICES, WAKING_VOICE, espoken, silence, spoken

PERSON_DB = -20.0
"""How loud a person is at the microphone, in dB of full scale: as loud as PiChat's own voice is
in its own sound."""

Kind = Literal["television", "white", "pink", "babble", "music", "cough", "bang"]
_PIECE_S = 10.0
_PIECES = 12  # then they come again
_OTHER_SPEECH = Path(__file__).parents[1] / "data" / "other_speech.txt"
_ESPEAK = "espeak:"


def speech(text: str, voice: str = WAKING_VOICE, gain_db: float = 0.0) -> Wave:
    """One of flite's voices, or `espeak:` and one of espeak-ng's."""
    if voice.startswith(_ESPEAK):
        pcm = espoken(text, voice.removeprefix(_ESPEAK))
    else:
        pcm = spoken(text, voice)
    return wave_of(pcm, gain_db)


def recording(file: Path, gain_db: float = 0.0) -> Wave:
    """A WAV file, made as loud as a person."""
    return wave_of(read_wav(file.read_bytes()), gain_db)


def wave_of(pcm: bytes, gain_db: float) -> Wave:
    """16 kHz mono int16, made as loud as a person, and by `gain_db` louder."""
    wave: Wave = np.frombuffer(noise.at_level(pcm, PERSON_DB + gain_db), np.int16).astype(float)
    return wave


@cache
def sound(kind: Kind, seconds: float, seed: int = 1) -> Wave:
    """As loud as a person."""
    return wave_of(_make(kind, seconds, seed), 0.0)


def _make(kind: Kind, seconds: float, seed: int) -> bytes:
    match kind:
        case "television":
            return _television(seconds, seed)
        case "cough" | "bang":
            return _burst(seconds, seed, 3 if kind == "cough" else 1)
        case "music":
            return noise.tones(seconds, seed)
        case "white":
            return noise.white(seconds, seed)
        case "pink":
            return noise.pink(seconds, seed)
        case "babble":
            return noise.babble(seconds, seed)


def _television(seconds: float, seed: int) -> bytes:
    """People who talk on and on about something else."""
    sentences = _OTHER_SPEECH.read_text(encoding="utf-8").splitlines()
    said = b""
    for number in count(seed * 7):
        if len(said) >= 2 * samples(seconds):
            break
        voice = VOICES[number % (len(VOICES) - 1)]  # not the voice that talks to PiChat
        text = sentences[number % len(sentences)]
        said += noise.at_level(spoken(text, voice), PERSON_DB) + silence(0.15 * (number % 3))
    return said[: 2 * samples(seconds)]


def _burst(seconds: float, seed: int, times: int) -> bytes:
    """Noise that begins suddenly and dies away, so many times."""
    length = samples(seconds / times)
    at_s = np.arange(length) / SAMPLE_RATE_HZ
    hiss = np.frombuffer(noise.pink(seconds / times, seed), np.int16)[:length]
    one = hiss * np.exp(-12 * at_s / seconds * times / 2)
    return np.tile(one, times).astype(np.int16).tobytes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bed:
    """A noise that goes on: `level_db` compared with a person."""

    kind: Kind
    level_db: float
    from_s: float = 0.0
    until_s: float = float("inf")

    def pieces(self) -> Iterator[tuple[float, Wave]]:
        """When each piece begins, and its sound."""
        start_s, gain = self.from_s, 10 ** (self.level_db / 20)
        for number in count():
            left_s = self.until_s - start_s
            if left_s <= 0:
                return
            wave = sound(self.kind, _PIECE_S, number % _PIECES)
            yield start_s, wave[: samples(min(left_s, _PIECE_S))] * gain
            start_s += _PIECE_S


class Playing:
    """A bed as it is being played into a room."""

    def __init__(self, bed: Bed) -> None:
        self._pieces = bed.pieces()
        self._next = next(self._pieces, None)

    def play(self, airs: list[tuple[Air, float]], now_s: float) -> None:
        """Whatever begins within a second, into each of the airs, `gain` times as loud."""
        while self._next is not None and self._next[0] < now_s + 1.0:
            start_s, wave = self._next
            for air, gain in airs:
                air.add(wave * gain, samples(start_s))
            self._next = next(self._pieces, None)
