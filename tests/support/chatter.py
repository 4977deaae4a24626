"""Hours of a household without the wake word: people who read aloud, crowds, music, noise.

Nothing is downloaded: the texts are Python's own manual and the pocketsphinx dictionary's words,
the voices flite's and espeak-ng's. The same seed gives the same sound.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from pydoc_data.topics import topics
from tempfile import TemporaryDirectory

import pocketsphinx

from pichat.audio.pcm import samples
from pichat.audio.wav import read_wav
from tests.support import noise
from tests.support.speech import VOICES, espoken, silence, synthesise

PIECE_S = 20.0
_WORDS_A_READING = 60  # about 25 s
_RAW_SHARE = 0.22  # every reading comes again in several pieces, at other speeds, in other rooms
_ESPEAK_VOICES = (
    *("en", "en-us", "en-gb-scotland", "en-gb-x-rp", "en-us+f2", "en-us+m3", "en-us+f4", "en+m7"),
    *("en+f5", "en-us+croak", "en-us+whisper", "de", "fr", "es", "it", "nl", "sv", "pl", "pt-br"),
)
_WAKE_WORDS = re.compile(
    "alexa|lexus|jarvis|jervis|travis|mycroft|nabu|rhasspy|raspy", re.IGNORECASE
)


def chatter(seconds: float, seed: int) -> Iterator[bytes]:
    """That much sound in pieces of PIECE_S, with speech in most of them and no wake word."""
    chance = random.Random(seed)
    readings = _readings(max(4, round(seconds * _RAW_SHARE / 25)), seed)
    for number in range(round(seconds / PIECE_S)):
        yield _piece(readings, seed * 100_000 + number, chance)


def _piece(readings: Sequence[bytes], seed: int, chance: random.Random) -> bytes:
    voice = _cut(chance.choice(readings), chance)
    snr_db = chance.choice((20, 10, 5, 0))
    match chance.choice(
        ["plain"] * 3
        + ["white", "pink", "babble", "room", "crowd", "crowd", "music", "clipped", "quiet"]
        + ["noise"]
    ):
        case "white":
            return noise.mix_at(voice, noise.white(PIECE_S, seed), snr_db)
        case "pink":
            return noise.mix_at(voice, noise.pink(PIECE_S, seed), snr_db)
        case "babble":
            return noise.mix_at(voice, noise.babble(PIECE_S, seed), snr_db)
        case "room":
            far = noise.in_room(voice, seed, chance.uniform(0.2, 0.8), chance.uniform(-6, 6))
            return noise.mix_at(far, noise.pink(PIECE_S, seed), 15)
        case "crowd":
            others = [_cut(chance.choice(readings), chance) for _ in range(chance.randint(1, 4))]
            return noise.louder(noise.mix(voice, *others), -6)
        case "music":
            return noise.mix_at(voice, noise.tones(PIECE_S, seed), snr_db)
        case "clipped":
            return noise.with_dc_offset(noise.clipped(voice, chance.uniform(6, 24)), 0.05)
        case "quiet":
            return noise.mix(noise.at_level(voice, -50), noise.white(PIECE_S, seed, -65))
        case "noise":
            maker = chance.choice((noise.white, noise.pink, noise.babble, noise.tones))
            return maker(PIECE_S, seed, chance.uniform(-60, -6))
    return voice


def _cut(reading: bytes, chance: random.Random) -> bytes:
    """PIECE_S of a reading from anywhere, at another speed and loudness."""
    other = noise.louder(noise.faster(reading, chance.uniform(0.85, 1.2)), chance.uniform(-20, 0))
    size = 2 * samples(PIECE_S)
    start = 2 * chance.randrange(max(1, (len(other) - size) // 2))
    return other[start : start + size].ljust(size, b"\0")


@cache
def _readings(count: int, seed: int) -> list[bytes]:
    chance = random.Random(seed)
    voices = [*VOICES * 3, *_ESPEAK_VOICES]
    tasks = [(_text(chance), voices[number % len(voices)]) for number in range(count)]
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda task: _read_aloud(*task), tasks))


def _read_aloud(text: str, voice: str) -> bytes:
    if voice not in VOICES:
        return noise.at_level(espoken(text, voice), -22)
    with TemporaryDirectory() as directory:
        file = Path(directory) / "speech.wav"
        synthesise(text, voice, file)
        return noise.at_level(read_wav(file.read_bytes()) + silence(0.3), -22)


def _text(chance: random.Random) -> str:
    """Sentences of the manual, or words at random: rare sounds come often in those."""
    if chance.random() < 0.5:
        words = chance.sample(_dictionary(), _WORDS_A_READING)
    else:
        manual = _manual()
        start = chance.randrange(len(manual) - _WORDS_A_READING)
        words = manual[start : start + _WORDS_A_READING]
    return " ".join(word for word in words if not _WAKE_WORDS.search(word))


@cache
def _dictionary() -> list[str]:
    file = Path(pocketsphinx.__file__).parent / "model" / "en-us" / "cmudict-en-us.dict"
    words = [line.split(maxsplit=1)[0] for line in file.read_text(encoding="utf-8").splitlines()]
    return [word for word in words if word.isalpha()]


@cache
def _manual() -> list[str]:
    text = " ".join(topics[name] for name in sorted(topics))
    return [word for word in re.findall(r"[A-Za-z]+[.,]?", text) if len(word) > 1 or word in "aI"]
