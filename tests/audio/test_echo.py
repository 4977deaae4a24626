"""PiChat's own voice in its microphone: what is left of it, and of who speaks meanwhile."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from _pytest.mark import ParameterSet

from pichat.app.speech import STOP_PHRASES
from pichat.audio.echo import WebRtcEchoCanceller
from pichat.audio.pcm import BLOCK_BYTES, SILENT_BLOCK
from pichat.config.types import WakeWord
from pichat.stt.keyphrase import KeyPhrases
from pichat.wake.base import load_wake_words
from tests.audio.echo_room import (
    BYTES_PER_S,
    as_loud_as,
    at_device,
    in_echo,
    level_db,
    part,
    speech_probability,
    stops,
)
from tests.support.noise import white
from tests.support.speech import VOICES, espoken, silence, spoken

GAINS_DB = (0, -6, -12, -20)
ANSWER = (
    "The kitchen light is on. It is ten past seven, and outside it is eleven degrees with a little"
    " rain until the evening."
)


def quick_ones(quick: list[Any], *grid: Sequence[object]) -> list[ParameterSet]:
    """All combinations, of which only the quick ones are not among the long tests."""
    return [
        pytest.param(*one, marks=() if one in quick else pytest.mark.long)
        for one in itertools.product(*grid)
    ]


class Clock:
    """Time as the sound tells it: batches are fed much faster than they would be heard."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Stepping(WebRtcEchoCanceller):
    """One whose clock goes on by 20 ms with each block, as at real-time pace."""

    def __init__(self) -> None:
        self.clock = Clock()
        super().__init__(clock=self.clock)

    def clean(self, pcm: bytes) -> bytes:
        self.clock.now_s += len(pcm) / BYTES_PER_S
        return super().clean(pcm)


@pytest.mark.parametrize(
    ("gain_db", "delay_s"), quick_ones([(0, 0.06)], GAINS_DB, (0.04, 0.06, 0.12, 0.2))
)
def test_own_voice_is_taken_out_of_the_first_answer(gain_db: float, delay_s: float) -> None:
    answer = espoken(ANSWER)
    played = silence(1) + answer + silence(0.5)
    heard = in_echo(Stepping(), played, gain_db=gain_db, delay_s=delay_s)
    ends_s = 1 + len(answer) / BYTES_PER_S
    residue = part(heard.cleaned, 1.5, ends_s)
    assert level_db(part(heard.raw, 1.5, ends_s)) - level_db(residue) > 25
    speech = speech_probability(heard.cleaned)[50:]
    # Nowhere, not even in the first half second.
    assert (speech > 0.5).mean() <= 0.02, f"worst {speech.max():.2f}"


@pytest.mark.long
def test_without_it_own_voice_is_speech() -> None:
    played = silence(1) + espoken(ANSWER)
    heard = in_echo(Stepping(), played, gain_db=-20, delay_s=0.09)
    assert (speech_probability(heard.raw)[50:] > 0.5).mean() > 0.6


@pytest.mark.parametrize(
    ("voice", "gain_db"),
    quick_ones([("slt", 0)], ("espeak-ng", "slt", "awb"), GAINS_DB),
)
def test_wake_words_in_own_voice_do_not_wake(voice: str, gain_db: float) -> None:
    words = "hey jarvis. You can say hey jarvis."
    said = espoken(words) if voice == "espeak-ng" else spoken(words, voice)
    played = silence(1) + said + silence(1.5)
    heard = in_echo(Stepping(), played, gain_db=gain_db, delay_s=0.09)
    assert score(heard.cleaned) < 0.25  # the noise alone has 0.13
    if voice == "slt":
        assert score(heard.raw) > 0.5


def score(pcm: bytes) -> float:
    words = load_wake_words("openwakeword", [WakeWord(word="hey_jarvis")], None)
    words.process(silence(1) + pcm)
    highest = words.scores()["openwakeword"]["hey_jarvis"]
    words.close()
    return highest


@pytest.mark.parametrize(
    ("text", "voice", "gain_db"),
    quick_ones([("stop", "slt", 0)], ("stop", "turn off the kitchen light"), VOICES, (0, -12)),
)
def test_a_person_is_heard_through_own_voice(text: str, voice: str, gain_db: float) -> None:
    answer = espoken(ANSWER)
    says = as_loud_as(spoken(text, voice), answer, gain_db)
    for at_s in (2.3, 4.1):
        played = silence(1) + answer
        near = silence(at_s) + says
        heard = in_echo(Stepping(), played, gain_db=gain_db, delay_s=0.09, near=near)
        speech = speech_probability(heard.cleaned)
        begins = int(at_s * 50)
        assert speech[begins - 25 : begins].max() < 0.5
        assert speech[begins : begins + 18].max() > 0.5  # 0.36 s; the “s” of “stop” is no voice yet


def test_what_was_learnt_is_kept_between_answers() -> None:
    canceller, answer = Stepping(), espoken("The kitchen light is on.")
    played = silence(1) + answer + silence(5) + answer + silence(2)
    heard = in_echo(canceller, played, gain_db=0, delay_s=0.09)
    second_s = 6 + len(answer) / BYTES_PER_S
    begin = slice_db(heard.raw, heard.cleaned, second_s + 0.1, second_s + 0.6)
    assert begin > 40
    assert canceller.attenuation_db > 30


@pytest.mark.long
def test_clocks_that_drift_apart_do_not_hurt() -> None:
    canceller, answer = Stepping(), espoken(ANSWER)
    played = (silence(0.5) + answer) * 8
    heard = in_echo(canceller, played, gain_db=-6, delay_s=0.09, drift=300e-6)
    assert (speech_probability(heard.cleaned) > 0.5).mean() < 0.02
    assert slice_db(heard.raw, heard.cleaned, 1, 55) > 30


@pytest.mark.long
def test_late_blocks_do_not_hurt() -> None:
    canceller, answer = Stepping(), espoken(ANSWER)
    late = frozenset(int(number) for number in np.random.default_rng(4).choice(500, 60))
    played = silence(1) + answer
    heard = in_echo(canceller, played, gain_db=-6, delay_s=0.12, late_blocks=late, channels=2)
    assert (speech_probability(heard.cleaned)[75:] > 0.5).mean() < 0.02
    assert slice_db(heard.raw, heard.cleaned, 1.5, 7) > 25


def slice_db(raw: bytes, cleaned: bytes, from_s: float, to_s: float) -> float:
    return level_db(part(raw, from_s, to_s)) - level_db(part(cleaned, from_s, to_s))


def test_while_nothing_plays_the_sound_passes_as_it_is_and_costs_nothing() -> None:
    canceller = Stepping()
    sound = white(10, 1, -30)
    silent = bytes(48_000 // 50 * 2)
    started_s = time.process_time()
    for start in range(0, len(sound), BLOCK_BYTES):
        canceller.played(silent, 48_000, 1)
        block = sound[start : start + BLOCK_BYTES]
        assert canceller.clean(block) == block
    assert (time.process_time() - started_s) / 10 < 0.002


def test_it_is_as_long_as_before_and_hardly_late() -> None:
    canceller, sound = Stepping(), spoken("turn off the kitchen light")
    heard = in_echo(canceller, white(3, 2, -60), gain_db=-60, delay_s=0.05, near=sound)
    assert len(heard.cleaned) == len(heard.raw)
    raw, cleaned = (np.frombuffer(pcm, np.int16)[:32_000] for pcm in (heard.raw, heard.cleaned))
    whole = raw[:-640].astype(float)
    fits = [float(whole @ cleaned[lag : lag + len(whole)]) for lag in range(640)]
    assert int(np.argmax(fits)) < 320


def test_a_microphone_that_was_away_is_in_step_again_within_seconds() -> None:
    """Meanwhile the speaker went on; what it played then must not stay in the queue."""
    canceller, answer = Stepping(), espoken(ANSWER)
    device = at_device(answer)
    for start in range(0, len(device) - 1920, 1920):
        canceller.played(device[start : start + 1920], 48_000, 1)
    for _ in range(400):
        canceller.played(bytes(1920), 48_000, 1)
        canceller.clean(SILENT_BLOCK)
    heard = in_echo(canceller, answer, gain_db=-6, delay_s=0.09)
    assert (speech_probability(heard.cleaned)[25:] > 0.5).mean() < 0.02


@pytest.mark.long
def test_without_an_echo_nobody_is_taken_for_one() -> None:
    """Headphones, or a microphone that cancels echoes itself: a person is heard as they are."""
    canceller, sound = Stepping(), spoken("hey jarvis")
    in_echo(canceller, espoken(ANSWER), gain_db=-90, delay_s=0.08)
    heard = in_echo(canceller, espoken(ANSWER), gain_db=-90, delay_s=0.08, near=sound)
    assert heard.cleaned == heard.raw
    echo = in_echo(canceller, espoken(ANSWER) * 2, gain_db=-6, delay_s=0.08)
    assert level_db(part(echo.raw, 4, 6)) - level_db(part(echo.cleaned, 4, 6)) > 25


@pytest.mark.parametrize(
    ("gain_db", "phrase", "voice"),
    quick_ones([(-12, "stop", "slt")], GAINS_DB, STOP_PHRASES, VOICES),
)
def test_a_stop_phrase_is_heard_through_an_answer(gain_db: int, phrase: str, voice: str) -> None:
    """By a person who is as loud as the echo, or as the answer where the echo is faint."""
    trial = stops(
        Stepping(), KeyPhrases(STOP_PHRASES), spoken(phrase, voice), espoken(ANSWER), gain_db
    )
    assert not trial.others
    if gain_db <= -12:
        assert phrase in trial.heard
