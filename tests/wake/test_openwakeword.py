"""The models in the wheel, by their names and by ear."""

from __future__ import annotations

import pytest

from pichat.errors import ConfigError
from pichat.wake.base import load_wake_word
from tests.support.speech import silence, spoken


@pytest.mark.parametrize("word", ["okay nabu", "Hey-Rhasspy"])
def test_other_words_load_however_they_are_written(word: str) -> None:
    detector = load_wake_word("openwakeword", word)
    assert detector.process(silence(0.5)) < 0.1
    detector.close()


def test_the_score_follows_the_word_whatever_the_size_of_the_pieces() -> None:
    sound = silence(1) + spoken("hey jarvis") + silence(1)
    highest = []
    for size in (1000, 32_000):
        detector = load_wake_word("openwakeword", "hey_jarvis")
        pieces = [sound[start : start + size] for start in range(0, len(sound), size)]
        highest.append(max(detector.process(piece) for piece in pieces))
        detector.close()
    assert min(highest) > 0.9


@pytest.mark.parametrize(
    ("engine", "word", "sentence"),
    [
        ("openwakeword", "hey_jarviz", "Did you mean “hey_jarvis”"),
        ("openwakeword", "computer", "It knows okay_nabu, hey_jarvis"),
        ("nothing", "hey_jarvis", "no wake word engine called “nothing”"),
    ],
)
def test_an_unknown_name_is_a_sentence(engine: str, word: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        load_wake_word(engine, word)
