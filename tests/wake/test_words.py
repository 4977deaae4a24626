"""What every engine has to do, by ear."""

from __future__ import annotations

import pytest

from pichat.errors import ConfigError
from pichat.wake.base import load_wake_words
from tests.support import noise
from tests.support.speech import silence, spoken
from tests.wake.hearing import ENGINES, engine_of, heard, words

JARVIS = silence(1) + spoken("hey jarvis") + silence(1.5)
BURST = noise.white(2, 5, level_db=-3)
PIECE_BYTES = 10_000  # no multiple of anything

pytestmark = pytest.mark.parametrize("name", ENGINES)


@pytest.mark.parametrize(
    ("written", "text", "voice"),
    [
        ("alexa", "alexa", "slt"),
        ("Hey-Jarvis", "hey jarvis", "rms"),
        pytest.param("hey mycroft", "hey my croft", "slt", marks=pytest.mark.long),
        pytest.param("ok nabu", "okay nabu", "kal16", marks=pytest.mark.long),
    ],
)
def test_one_of_several_words_is_told_as_the_owner_wrote_it(
    name: str, written: str, text: str, voice: str
) -> None:
    others = [w for w in ("alexa", "hey jarvis", "ok nabu") if w[0] != written[0].lower()]
    engine = engine_of(name, written, *others)
    assert words(heard(engine, silence(1) + spoken(text, voice) + silence(1.2))) == [written]
    engine.close()


def test_a_word_is_told_once_and_again_when_it_is_said_again(name: str) -> None:
    engine = engine_of(name, "hey_jarvis")
    assert words(heard(engine, JARVIS + silence(3))) == ["hey_jarvis"]
    assert words(heard(engine, JARVIS + JARVIS)) == ["hey_jarvis"] * 2
    engine.close()


def test_the_size_of_the_pieces_does_not_matter(name: str) -> None:
    engine = engine_of(name, "hey_jarvis")
    pieces = [JARVIS[at : at + PIECE_BYTES] for at in range(0, len(JARVIS), PIECE_BYTES)]
    assert [wake.word for piece in pieces if (wake := engine.process(piece))] == ["hey_jarvis"]
    engine.close()


def test_scores_are_the_highest_since_the_last_look(name: str) -> None:
    engine = engine_of(name, "hey_jarvis", "alexa")
    heard(engine, JARVIS)
    # Where both listen, openWakeWord is not asked any more once it is enough.
    assert all(scores["hey_jarvis"] > 0.1 for scores in engine.scores().values())
    heard(engine, silence(2))
    assert all(score < 0.05 for each in engine.scores().values() for score in each.values())
    engine.close()


def test_while_pichat_speaks_the_word_is_still_heard(name: str) -> None:
    engine = engine_of(name, "hey_jarvis")
    engine.be_strict(True)
    assert words(heard(engine, JARVIS)) == ["hey_jarvis"]
    engine.close()


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(silence(10), id="zeros", marks=pytest.mark.long),
        pytest.param(BURST + silence(0.7), id="a burst of noise"),
        pytest.param(
            noise.clipped(noise.babble(4, 1)) + silence(0.5),
            id="clipped babble",
            marks=pytest.mark.long,
        ),
        pytest.param(
            noise.with_dc_offset(silence(3), 0.3), id="a step of the offset", marks=pytest.mark.long
        ),
        pytest.param(b"\xff\x7f" * 32_000 + silence(0.7), id="stuck at the top"),
    ],
)
def test_bad_sound_does_not_wake_it_and_the_next_word_does(name: str, before: bytes) -> None:
    engine = engine_of(name, "hey_jarvis", "alexa")
    if name == "microwakeword":
        before += silence(3)  # its loudness control forgets a loud sound only so fast
    assert heard(engine, before) == []
    assert words(heard(engine, JARVIS)) == ["hey_jarvis"]
    engine.close()


@pytest.mark.parametrize(
    "sound",
    [
        pytest.param(noise.with_dc_offset(JARVIS, 0.2), id="offset", marks=pytest.mark.long),
        pytest.param(noise.clipped(JARVIS, 3), id="clipped", marks=pytest.mark.long),
        pytest.param(noise.louder(JARVIS, -30), id="far away"),
        pytest.param(noise.mix_at(JARVIS, noise.white(4, 2), 20), id="noise"),
        pytest.param(noise.in_room(JARVIS, 3), id="echo", marks=pytest.mark.long),
    ],
)
def test_a_bad_microphone_hears_the_word(name: str, sound: bytes) -> None:
    engine = engine_of(name, "hey_jarvis")
    assert words(heard(engine, sound)) == ["hey_jarvis"]
    engine.close()


def test_a_threshold_of_the_owner_counts(name: str) -> None:
    engine = engine_of(name, "hey_jarvis", threshold=1.0)
    assert words(heard(engine, noise.mix_at(JARVIS, noise.white(4, 2), 10))) == []
    engine.close()


def test_an_unknown_word_is_a_sentence_with_the_nearest_and_all(name: str) -> None:
    with pytest.raises(
        ConfigError, match=r"“hey_jarviz”. Did you mean “hey_jarvis”\? It knows alexa"
    ):
        engine_of(name, "hey_jarviz")
    with pytest.raises(ConfigError, match=r"no wake word “xylophone”. It knows"):
        engine_of(name, "xylophone")


def test_there_are_only_these_engines(name: str) -> None:
    with pytest.raises(ConfigError, match="no wake word engine called “not"):
        load_wake_words(f"not{name}", [], None)
