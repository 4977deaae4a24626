"""How well and how fast home commands are recognised, spoken by four synthetic voices.

The whole way from sound to tool calls: recogniser, n-best list, intents as the gate. The sixty
commands and the sixty other sentences in tests/data were written before the code. They are held
out of tuning, with two exceptions: a rule for the colour of a room's lights was added after one of
them failed, and the decoder's default beams were kept because narrower ones lost three.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from pichat.intents.gate import first_understood
from pichat.intents.understand import Intents
from pichat.intents.vocabulary import prepare
from pichat.stt.base import Recogniser, open_recogniser
from scripts.benches.figure import Figure, percentile
from tests.intents.effects import effects, expected, home_commands, other_speech
from tests.intents.house import HOUSE
from tests.intents.speech import blocks, spoken
from tests.support.speech import VOICES

CACHE = Path(tempfile.gettempdir()) / "pichat-bench-speech"


class Heard(msgspec.Struct):
    """Tallies over all spoken sentences."""

    right: int = 0
    spoken: int = 0
    carried_out: int = 0
    others: int = 0
    lags_ms: list[float] = []
    misses: list[str] = []


def run(cache: Path = CACHE) -> list[Figure]:
    """The rows of this group. Takes one to three minutes."""
    build_s, recogniser = asyncio.run(_open(cache))
    intents = Intents("en", lambda: HOUSE)
    intents.warm()
    heard = Heard()
    _commands(heard, intents, recogniser, cache)
    _other_speech(heard, intents, recogniser, cache)
    recogniser.close()
    for miss in heard.misses:
        print(f"  {miss}", file=sys.stderr)
    times_ms = _understanding_times_ms()
    return [
        Figure(
            name="hero.commands_right", value=100 * heard.right / heard.spoken, unit="%",
            limit=95, sense="at least", samples=heard.spoken,
        ),
        Figure(
            name="hero.other_speech_acted_on", value=100 * heard.carried_out / heard.others,
            unit="%", limit=2, samples=heard.others,
        ),
        Figure(
            name="hero.recogniser_finish_p50", value=statistics.median(heard.lags_ms),
            unit="ms", limit=60, samples=len(heard.lags_ms),
        ),
        Figure(
            name="hero.recogniser_finish_p95", value=percentile(heard.lags_ms, 95),
            unit="ms", samples=len(heard.lags_ms),
        ),
        Figure(name="hero.vocabulary_build", value=build_s, unit="s", limit=15),
        Figure(
            name="hero.understand_p50", value=statistics.median(times_ms), unit="ms",
            limit=3, samples=len(times_ms), note="nothing cached",
        ),
        Figure(
            name="hero.understand_p95", value=percentile(times_ms, 95), unit="ms", limit=6,
            samples=len(times_ms), note="nothing cached",
        ),
    ]  # fmt: skip


async def _open(cache: Path) -> tuple[float, Recogniser]:
    with tempfile.TemporaryDirectory(dir=_made(cache)) as folder:
        started_s = time.perf_counter()
        vocabulary = await prepare("en", HOUSE, Path(folder))
        build_s = time.perf_counter() - started_s
        # The engine reads its files whole while it opens.
        return build_s, open_recogniser("pocketsphinx", vocabulary)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _hear(recogniser: Recogniser, pcm: bytes, heard: Heard) -> tuple[str, ...]:
    recogniser.begin()
    for block in blocks(pcm):
        recogniser.feed(block)
    started_s = time.perf_counter()
    candidates = recogniser.finish()
    heard.lags_ms.append(1000 * (time.perf_counter() - started_s))
    return candidates


def _commands(heard: Heard, intents: Intents, recogniser: Recogniser, cache: Path) -> None:
    for command in home_commands():
        for voice in VOICES:
            candidates = _hear(recogniser, spoken(command["say"], voice, cache), heard)
            found = first_understood(intents, candidates)
            heard.spoken += 1
            if found and effects(found[1].calls, HOUSE) == expected(command):
                heard.right += 1
            else:
                got = found[0] if found else "-"
                heard.misses.append(f"{voice}: “{command['say']}” → “{got}” of {candidates[:2]}")


def _other_speech(heard: Heard, intents: Intents, recogniser: Recogniser, cache: Path) -> None:
    for sentence in other_speech():
        for voice in VOICES:
            candidates = _hear(recogniser, spoken(sentence, voice, cache), heard)
            found = first_understood(intents, candidates)
            heard.others += 1
            if found:
                heard.carried_out += 1
                heard.misses.append(f"{voice}: “{sentence}” was taken for “{found[0]}”")


def _understanding_times_ms() -> list[float]:
    intents = Intents("en", lambda: HOUSE)
    intents.warm()
    times_ms = []
    for command in home_commands():
        started_s = time.perf_counter()
        intents.understand(command["say"])
        times_ms.append(1000 * (time.perf_counter() - started_s))
    return times_ms


if __name__ == "__main__":
    for figure in run():
        print(f"{figure.name:32} {figure.value:8.2f} {figure.unit:3} {'' if figure.ok else 'OVER'}")
