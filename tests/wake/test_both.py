"""Two opinions: when they count, and who has only one."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from pichat.audio.wav import blocks
from pichat.wake.arming import Arming
from tests.support.chatter import chatter
from tests.support.speech import VOICES, silence, spoken
from tests.wake.hearing import engine_of, heard, words

ALL = ("alexa", "hey_jarvis", "hey_mycroft", "okay_nabu")
LOOKALIKE = silence(1) + spoken("I like her", "kal16") + silence(2.5)


def test_what_one_engine_takes_and_the_other_does_not_is_a_near_miss() -> None:
    assert words(heard(engine_of("microwakeword", "hey_mycroft"), LOOKALIKE)) == ["hey_mycroft"]
    wakes = heard(engine_of("both", "hey_mycroft"), LOOKALIKE)
    assert [(wake.word, wake.near_miss) for wake in wakes] == [("hey_mycroft", True)]
    assert wakes[0].scores["microwakeword"] > 0.9
    assert wakes[0].scores["openwakeword"] < 0.1


def test_what_was_told_is_no_near_miss_afterwards() -> None:
    engine = engine_of("both", "alexa")
    assert len(heard(engine, silence(1) + spoken("alexa", "rms") + silence(4))) == 1


def test_a_last_verification_leaves_nothing_behind() -> None:
    engine = engine_of("both", "hey_mycroft", "alexa")
    heard(engine, LOOKALIKE)
    first = heard(engine, spoken("alexa") + silence(1.5))
    fresh = heard(
        engine_of("both", "hey_mycroft", "alexa"), silence(5) + spoken("alexa") + silence(1)
    )
    assert words(first) == words(fresh) == ["alexa"]
    assert first[0].scores["openwakeword"] == pytest.approx(
        fresh[0].scores["openwakeword"], abs=0.4
    )


def test_openwakeword_rests_while_nobody_says_such_a_thing() -> None:
    engine = engine_of("both", "hey_jarvis")
    heard(engine, silence(5))
    assert set(engine.scores()) == {"microwakeword"}


def test_a_word_that_one_engine_knows_is_that_engines_alone() -> None:
    with capture_logs() as logs:
        engine = engine_of("both", "hey rhasspy", "hey_jarvis")
    assert [(entry["log_level"], entry["words"]) for entry in logs] == [("info", ["hey rhasspy"])]
    sound = silence(1) + spoken("hey raspy", "slt") + silence(2) + spoken("hey jarvis") + silence(1)
    assert words(heard(engine, sound))[-1:] == ["hey_jarvis"]
    assert set(engine.scores()["openwakeword"]) >= {"hey rhasspy"}


def first_block(voice: str, *, strict: bool) -> int:
    engine = engine_of("both", "hey_jarvis")
    engine.be_strict(strict)
    sound = blocks(silence(1) + spoken("hey jarvis", voice) + silence(1))
    return next(number for number, block in enumerate(sound) if engine.process(block))


def test_while_pichat_speaks_one_high_score_is_not_enough() -> None:
    later = [first_block(v, strict=True) - first_block(v, strict=False) for v in VOICES]
    assert min(later) >= 0
    assert max(later) > 0


def test_strict_wants_two_in_a_row() -> None:
    arming = Arming(0.5)
    arming.strict = True
    assert [arming.take(score, 0.08) for score in (0.9, 0.1, 0.9, 0.9)] == [
        False,
        False,
        False,
        True,
    ]


def test_a_word_is_armed_again_only_when_its_score_has_been_low() -> None:
    arming = Arming(0.5)
    assert arming.take(0.9, 0.08)
    assert not any(arming.take(0.9, 0.08) for _ in range(20))
    assert not arming.take(0.1, 0.08)
    assert arming.take(0.9, 0.08)


def false_wakes(seconds: float, seed: int) -> list[str]:
    engine = engine_of("both", *ALL)
    return [word for piece in chatter(seconds, seed) for word in words(heard(engine, piece))]


@pytest.mark.long
def test_two_minutes_of_a_household_do_not_wake_it() -> None:
    assert false_wakes(120, seed=11) == []


@pytest.mark.long
def test_a_quarter_of_an_hour_of_a_household_does_not_wake_it() -> None:
    assert false_wakes(900, seed=12) == []
