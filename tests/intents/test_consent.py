"""Yes and no, and nothing that only begins like them."""

from __future__ import annotations

from itertools import chain

import pytest
from hassil.sample import sample_sentence

from pichat.intents.complete import Completeness
from pichat.intents.consent import _WORDS, NO, YES, answer_in
from pichat.intents.language import load, supported_languages
from pichat.intents.sentences import Sampler
from pichat.intents.understand import Intents
from tests.intents.effects import home_commands, other_speech
from tests.intents.house import HOUSE


@pytest.mark.parametrize(
    ("text", "language", "answer"),
    [
        ("Yes.", "en", True),
        ("yes please", "en", True),
        ("Yes, of course, do it!", "en", True),
        ("please do", "en", True),
        ("go ahead, thank you", "en", True),
        ("no thanks", "en", False),
        ("no don’t do it", "en", False),
        ("never mind", "en", False),
        ("Ja, bitte.", "de", True),
        ("nein danke", "de-CH", False),
        ("Ja, mach das", "de", True),
        ("oui", "fr", True),
        ("Sí, por favor", "es", True),
        ("नहीं", "hi", False),
        ("はい、お願いします", "ja", True),
        ("不用", "zh-TW", False),
        ("não", "pt-BR", False),
        ("", "en", None),
        ("please", "en", None),
        ("yes no", "en", None),
        ("no problem", "en", None),
        ("yes turn on the light", "en", None),
        ("yesterday", "en", None),
        ("no", "pl", None),
        ("yes", "de", None),
        ("हो", "hi", None),
        ("yes", "cy", None),
    ],
)
def test_what_counts(text: str, language: str, answer: bool | None) -> None:
    assert answer_in(text, language) is answer


def test_no_word_is_both() -> None:
    supported = {code.split("-")[0] for code in supported_languages()}
    for language, words in _WORDS.items():
        assert language.split("-")[0] in supported
        for yes, text in chain.from_iterable(
            ((answer, one) for one in side.split("|"))
            for answer, side in zip((True, False), words, strict=True)
        ):
            assert answer_in(text, language) is yes, (language, text)


def test_no_command_and_no_other_speech_is_an_answer() -> None:
    texts = [str(command["say"]) for command in home_commands()] + other_speech()
    assert [text for text in texts if answer_in(text, "en") is True] == []


def test_what_the_ear_knows_is_what_counts() -> None:
    language = load("en")
    intents = Intents("en", lambda: HOUSE)
    for intent, answer in ((YES, True), (NO, False)):
        for data in language.sentences.intents[intent].data:
            for template in data.sentences:
                for text in sample_sentence(
                    template, {}, language.sentences.expansion_rules, language="en"
                ):
                    understood = intents.understand(text)
                    assert understood is not None
                    assert (understood.intent, understood.calls) == (intent, ())
                    assert answer_in(text, "en") is answer
                    assert intents.judge(text.strip()) is Completeness.COMPLETE
    sampled = set(Sampler(language, HOUSE).sample(3000))
    assert {"yes", "no", "go ahead"} <= sampled
