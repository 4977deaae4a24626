"""Endpointing that knows what was said, apart from the daemon: how often and how fast the judge
tells that a command is complete, whether it would cut one off, what the recogniser knows after a
short silence, and the stop phrases.

The sampled sentences have another seed than those of the recogniser's model. A sentence that is
cut counts unless only one more device or room was to come ("… and the hallway light").
"""

from __future__ import annotations

import asyncio
import statistics
import time
from pathlib import Path

import msgspec

from pichat.app.speech import STOP_PHRASES
from pichat.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE_HZ
from pichat.intents.complete import Completeness
from pichat.intents.gate import first_understood
from pichat.intents.understand import Intents
from pichat.intents.vocabulary import prepare
from pichat.stt.base import open_recogniser
from pichat.stt.keyphrase import KeyPhrases
from pichat.turn.hypothesis import Hypothesis
from scripts.benches.figure import Figure, percentile
from scripts.benches.recognition import CACHE
from tests.intents.effects import effects, expected, home_commands, other_speech
from tests.intents.house import HOUSE
from tests.intents.prefixes import judge_all, sampled
from tests.intents.speech import blocks
from tests.support.speech import VOICES, silence, spoken

SENTENCES = 4000
SILENCE_S = 0.14
BYTES_A_SECOND = SAMPLE_RATE_HZ * SAMPLE_BYTES


class Early(msgspec.Struct):
    """Tallies of what is known after a short silence."""

    commands: int = 0
    complete: int = 0
    wrong: int = 0
    decoding_s: float = 0.0
    speech_s: float = 0.0


def run(cache: Path = CACHE) -> list[Figure]:
    """The rows of this file. Takes two to four minutes."""
    return [*_judge(), *_early(cache), *_stop_phrases()]


def _judge() -> list[Figure]:
    intents = Intents("en", lambda: HOUSE)
    intents.warm()
    times_ms = []
    for command in home_commands():
        words = str(command["say"]).split()
        for count in range(1, len(words) + 1):
            started_s = time.perf_counter()
            intents.judge(" ".join(words[:count]))
            times_ms.append(1000 * (time.perf_counter() - started_s))
    judged = judge_all(intents, HOUSE, sampled("en", HOUSE, SENTENCES))
    held_out = [intents.judge(str(command["say"])) for command in home_commands()]
    complete = sum(found is Completeness.COMPLETE for found in held_out)
    return [
        Figure(
            name="voice.complete_judged_p50", value=statistics.median(times_ms), unit="ms",
            limit=2, samples=len(times_ms), note="nothing cached",
        ),
        Figure(
            name="voice.complete_judged_p95", value=percentile(times_ms, 95), unit="ms",
            samples=len(times_ms), note="nothing cached",
        ),
        Figure(
            name="voice.complete_cut_early", value=100 * len(judged.cut) / judged.beginnings,
            unit="%", limit=0.1, samples=judged.beginnings,
            note=f"{100 * len(judged.added) / judged.beginnings:.2f} % lack what “and” adds",
        ),
        Figure(
            name="voice.complete_commands", value=100 * complete / len(held_out), unit="%",
            limit=80, sense="at least", samples=len(held_out),
        ),
    ]  # fmt: skip


def _early(cache: Path) -> list[Figure]:
    """What the recogniser and the judge know 140 ms after the last sound of a command."""
    cache.mkdir(parents=True, exist_ok=True)
    vocabulary = asyncio.run(prepare("en", HOUSE, cache / "vocabulary"))
    intents = Intents("en", lambda: HOUSE)
    intents.warm()
    hypothesis = Hypothesis(intents.judge, SILENCE_S)
    hypothesis.use(open_recogniser("pocketsphinx", vocabulary))
    early = Early()
    for command in home_commands():
        if intents.judge(str(command["say"])) is Completeness.COMPLETE:
            for voice in VOICES:
                pcm = spoken(str(command["say"]), voice)
                started_s = time.perf_counter()
                candidates = _known(hypothesis, pcm)
                early.decoding_s += time.perf_counter() - started_s
                early.speech_s += len(pcm) / BYTES_A_SECOND
                hypothesis.drop()
                early.commands += 1
                found = first_understood(intents, candidates)
                if found:
                    early.complete += 1
                    early.wrong += effects(found[1].calls, HOUSE) != expected(command)
    hypothesis.close()
    return [
        Figure(
            name="voice.complete_after_140ms", value=100 * early.complete / early.commands,
            unit="%", limit=85, sense="at least", samples=early.commands,
        ),
        Figure(
            name="voice.complete_wrong", value=100 * early.wrong / early.commands, unit="%",
            limit=2, samples=early.commands,
        ),
        Figure(
            name="voice.decoding_cpu", value=early.decoding_s / early.speech_s, unit="s/s",
            limit=0.15, samples=early.commands, note="second looks and the judge included",
        ),
    ]  # fmt: skip


def _known(hypothesis: Hypothesis, pcm: bytes) -> tuple[str, ...]:
    """What the loop holds for the whole command after a short silence; () when it waits on."""
    hypothesis.begin(blocks(silence(0.3)))
    for block in blocks(pcm):
        hypothesis.feed(block, quiet=False)
    for block in blocks(silence(SILENCE_S)):
        hypothesis.feed(block, quiet=True)
    return hypothesis.complete() or ()


def _stop_phrases() -> list[Figure]:
    phrases = KeyPhrases(STOP_PHRASES)
    lags_ms = []
    for phrase in STOP_PHRASES:
        for voice in VOICES:
            said = silence(1) + spoken(phrase, voice)
            times = [at_s for found, at_s in _spot(phrases, said + silence(0.6)) if found == phrase]
            lags_ms += [1000 * (at_s - len(said) / BYTES_A_SECOND) for at_s in times[:1]]
    others = b"".join(
        spoken(text, voice) + silence(0.4) for text in other_speech() for voice in VOICES
    )
    started_s = time.thread_time()
    false_alarms = len(_spot(phrases, others))
    cost = (time.thread_time() - started_s) / (len(others) / BYTES_A_SECOND)
    minutes = len(others) / BYTES_A_SECOND / 60
    said_count = len(STOP_PHRASES) * len(VOICES)
    return [
        Figure(
            name="voice.stop_phrases_heard", value=100 * len(lags_ms) / said_count, unit="%",
            limit=90, sense="at least", samples=said_count,
        ),
        Figure(
            name="voice.stop_phrase_p95", value=percentile(lags_ms, 95), unit="ms", limit=200,
            samples=len(lags_ms), note="of sound after the phrase",
        ),
        Figure(
            name="voice.stop_phrase_false_alarms", value=10 * false_alarms / minutes,
            unit="/10 min", limit=1, samples=round(minutes), note="minutes of other speech",
        ),
        Figure(
            name="voice.stop_phrases_cpu", value=cost, unit="s/s", limit=0.05,
            samples=round(minutes),
        ),
    ]  # fmt: skip


def _spot(phrases: KeyPhrases, pcm: bytes) -> list[tuple[str, float]]:
    phrases.reset()
    spotted, fed = [], 0
    for block in blocks(pcm):
        fed += len(block)
        found = phrases.process(block)
        if found:
            spotted.append((found, fed / BYTES_A_SECOND))
    return spotted


if __name__ == "__main__":
    for figure in run():
        print(f"{figure.name:32} {figure.value:8.3f} {figure.unit:8} {'' if figure.ok else 'OVER'}")
