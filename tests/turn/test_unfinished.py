"""Commands that break off: what was not said must not be guessed."""

from __future__ import annotations

import pytest

from pichat.intents.complete import Completeness
from pichat.turn.hypothesis import Hypothesis
from tests.support.recogniser import KeptRecogniser

BEGINNINGS = {"turn", "turn on", "turn on the", "is the door", "is the door lock"}
WHOLE = {"turn on light", "turn on the light", "is the door locked", "set it to two"}


def judge(text: str) -> Completeness:
    if text in WHOLE:
        return Completeness.WHOLE
    return Completeness.OPEN if text in BEGINNINGS else Completeness.UNKNOWN


def hypothesis(*candidates: str) -> Hypothesis:
    made = Hypothesis(judge)
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
    made = Hypothesis(judge)
    made.use(recogniser)
    made.begin([b""])
    for _ in range(2):
        made.feed(b"", quiet=True)
    assert made.completeness is found
