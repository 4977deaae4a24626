"""Commands that break off: what was not said must not be guessed."""

from __future__ import annotations

import pytest

from pichat.audio.pcm import BLOCK_BYTES
from pichat.intents.complete import Completeness
from pichat.turn.hypothesis import Hypothesis
from tests.support.recogniser import KeptRecogniser

BEGINNINGS = {"turn", "turn on", "turn on the", "is the door", "is the door lock"}
COMPLETE = {"turn on the kitchen light", "lock the door"}
WHOLE = {"turn on light", "turn on the light", "is the door locked", "set it to two"}


LOOK_AFTER_S = 0.14
BLOCK = bytes(BLOCK_BYTES)


def judge(text: str) -> Completeness:
    if text in COMPLETE:
        return Completeness.COMPLETE
    if text in WHOLE:
        return Completeness.WHOLE
    return Completeness.OPEN if text in BEGINNINGS else Completeness.UNKNOWN


def hypothesis(*candidates: str) -> Hypothesis:
    made = Hypothesis(judge, LOOK_AFTER_S)
    made.use(KeptRecogniser(*candidates))
    made.begin([b""])
    return made


@pytest.mark.parametrize(
    ("candidates", "kept"),
    [
        (("turn on the", "turn on light"), ("turn on the",)),
        (("turn on the light", "turn on light"), ("turn on the light", "turn on light")),
        (("is the door lock", "is the door locked"), ("is the door lock", "is the door locked")),
        (("turn on a", "turn on light"), ("turn on a", "turn on light")),
        ((), ()),
    ],
)
def test_what_breaks_off_is_not_ended_by_a_guess(
    candidates: tuple[str, ...], kept: tuple[str, ...]
) -> None:
    assert hypothesis(*candidates).finish() == kept


class Partial(KeptRecogniser):
    text = ""

    def partial(self) -> str:
        return self.text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("turn on the kid", Completeness.OPEN),
        ("turn on the", Completeness.OPEN),
        ("turn on the kid and", Completeness.UNKNOWN),
        ("turn on the light dude", Completeness.UNKNOWN),
        ("what", Completeness.UNKNOWN),
    ],
)
def test_a_last_word_that_leads_nowhere_is_still_being_said(text: str, found: Completeness) -> None:
    recogniser = Partial()
    recogniser.text = text
    made = Hypothesis(judge, LOOK_AFTER_S)
    made.use(recogniser)
    made.begin([b""])
    for _ in range(2):
        made.feed(b"", quiet=True)
    assert made.completeness is found


QUIET_BLOCKS = 7


@pytest.mark.parametrize(
    ("again", "found"),
    [
        (("turn on the kitchen light",), Completeness.COMPLETE),
        (("turn on a kitchen", "turn on the kitchen light"), Completeness.COMPLETE),
        (("turn on the light", "turn on the kitchen light"), Completeness.UNKNOWN),
        (("turn on the", "turn on the kitchen light"), Completeness.UNKNOWN),
        (("a", "b", "c", "turn on the kitchen light"), Completeness.UNKNOWN),
        ((), Completeness.UNKNOWN),
    ],
)
def test_what_says_nothing_is_looked_at_again_in_a_silence(
    again: tuple[str, ...], found: Completeness
) -> None:
    """Only when the likeliest that says anything is complete: else more may follow."""
    recogniser = KeptRecogniser(again=again)
    made = Hypothesis(judge, LOOK_AFTER_S)
    made.use(recogniser)
    made.begin([BLOCK])
    for _ in range(QUIET_BLOCKS - 1):
        made.feed(BLOCK, quiet=True)
    assert recogniser.looks == 0
    for _ in range(3):
        made.feed(BLOCK, quiet=True)
    assert recogniser.looks == 1
    assert made.completeness is found
    if found is Completeness.COMPLETE:
        assert made.complete() == again


def test_speech_that_goes_on_loses_nothing_of_the_silence() -> None:
    recogniser = KeptRecogniser("end", again=("lock the door",))
    made = Hypothesis(judge, LOOK_AFTER_S)
    made.use(recogniser)
    made.begin([BLOCK])
    for pause in range(4):
        for _ in range(QUIET_BLOCKS + 5):
            made.feed(BLOCK, quiet=True)
        assert made.completeness is (Completeness.COMPLETE if pause < 2 else Completeness.UNKNOWN)
        made.feed(BLOCK, quiet=False)
        assert made.completeness is Completeness.UNKNOWN
    assert recogniser.looks == 2  # a speech with many pauses must not cost many
    assert len(recogniser.heard[0]) == (1 + 4 * (QUIET_BLOCKS + 6)) * BLOCK_BYTES
