"""Models from an owner's folder, good ones and what else may lie there."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pymicro_wakeword
import pyopen_wakeword
import pytest

from pichat.config.types import WakeWord
from pichat.errors import ConfigError
from pichat.wake.base import WakeWords, load_wake_words
from pichat.wake.models import name_of
from tests.support.speech import silence, spoken
from tests.wake.hearing import heard, words

OPEN = Path(pyopen_wakeword.__file__).parent / "models"
MICRO = Path(pymicro_wakeword.__file__).parent / "models"
JARVIS = silence(1) + spoken("hey jarvis") + silence(1.5)
SETTINGS = {"probability_cutoff": 0.9, "sliding_window_size": 5}


def load(engine: str, word: str, folder: Path) -> WakeWords:
    return load_wake_words(engine, [WakeWord(word=word)], folder)


def describe(folder: Path, name: str, **changes: object) -> None:
    (folder / f"{name}.json").write_text(json.dumps({"micro": SETTINGS, **changes}))


@pytest.mark.parametrize("engine", ["openwakeword", "both"])
def test_an_openwakeword_model_by_its_files_name(engine: str, tmp_path: Path) -> None:
    shutil.copy(OPEN / "hey_jarvis.tflite", tmp_path / "Hey Butler.tflite")
    assert words(heard(load(engine, "hey-butler", tmp_path), JARVIS)) == ["hey-butler"]


@pytest.mark.parametrize("engine", ["microwakeword", "both"])
def test_a_microwakeword_model_with_its_description(engine: str, tmp_path: Path) -> None:
    shutil.copy(MICRO / "hey_jarvis.tflite", tmp_path / "hey_butler.tflite")
    describe(tmp_path, "hey_butler")
    assert words(heard(load(engine, "hey butler", tmp_path), JARVIS)) == ["hey butler"]


def test_a_word_of_ones_own_can_have_two_opinions(tmp_path: Path) -> None:
    shutil.copy(OPEN / "hey_jarvis.tflite", tmp_path / "hey_butler.tflite")
    shutil.copy(MICRO / "hey_jarvis.tflite", tmp_path / "small.tflite")
    describe(tmp_path, "hey_butler", model="small.tflite")
    [wake] = heard(load("both", "hey_butler", tmp_path), JARVIS)
    assert set(wake.scores) == {"microwakeword", "openwakeword"}


def test_ones_own_model_goes_before_the_wheels(tmp_path: Path) -> None:
    shutil.copy(OPEN / "alexa.tflite", tmp_path / "hey_jarvis.tflite")
    engine = load("openwakeword", "hey_jarvis", tmp_path)
    assert words(heard(engine, JARVIS)) == []
    assert words(heard(engine, spoken("alexa") + silence(1))) == ["hey_jarvis"]


GOOD = (OPEN / "okay_nabu.tflite").read_bytes()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "mine.tflite is not a TensorFlow Lite model"),
        (b"<html>Not found</html>" * 100, "is not a TensorFlow Lite model"),
        (GOOD[:8], "is damaged"),
        (GOOD[: len(GOOD) // 2], "is damaged"),
        (GOOD[:8] + random.Random(1).randbytes(5000), "is damaged"),
        ((OPEN / "melspectrogram.tflite").read_bytes(), "is damaged, or for other programs"),
        ((OPEN / "embedding_model.tflite").read_bytes(), "is damaged, or for other|it takes"),
        ((MICRO / "alexa.tflite").read_bytes(), "is not an openWakeWord model: it takes"),
    ],
    ids=[
        "empty",
        "page",
        "head",
        "half",
        "garbage",
        "a spectrum",
        "an embedding",
        "microWakeWord's",
    ],
)
@pytest.mark.parametrize("engine", ["openwakeword", "both"])
def test_a_file_that_is_no_model_is_a_sentence(
    engine: str, content: bytes, sentence: str, tmp_path: Path
) -> None:
    (tmp_path / "mine.tflite").write_bytes(content)
    with pytest.raises(ConfigError, match=sentence):
        load(engine, "mine", tmp_path)


@pytest.mark.long
def test_damage_anywhere_in_a_file_crashes_nothing(tmp_path: Path) -> None:
    chance = random.Random(2)
    for kind in ("openwakeword", "microwakeword") * 30:
        folder = OPEN if kind == "openwakeword" else MICRO
        data = bytearray((folder / "okay_nabu.tflite").read_bytes())
        for _ in range(chance.choice((1, 5, 40))):
            data[chance.randrange(8, len(data))] = chance.randrange(256)
        (tmp_path / "mine.tflite").write_bytes(data[: chance.randrange(len(data) // 2, len(data))])
        if chance.random() < 0.7:
            (tmp_path / "mine.tflite").write_bytes(data)
        if kind == "microwakeword":
            describe(tmp_path, "mine")
        try:
            engine = load(kind, "mine", tmp_path)
        except ConfigError as error:
            assert "mine.tflite" in error.sentence
        else:
            engine.process(JARVIS)
            assert all(0 <= s <= 1 for each in engine.scores().values() for s in each.values())
            engine.close()
        (tmp_path / "mine.json").unlink(missing_ok=True)


@pytest.mark.parametrize(
    "description",
    ["{", "[]", '{"micro": {}}', '{"micro": {"probability_cutoff": 2, "sliding_window_size": 5}}'],
)
def test_a_description_that_cannot_be_used_is_a_sentence(description: str, tmp_path: Path) -> None:
    shutil.copy(MICRO / "alexa.tflite", tmp_path / "mine.tflite")
    (tmp_path / "mine.json").write_text(description)
    with pytest.raises(ConfigError, match=r"mine.json does not describe a microWakeWord model"):
        load("microwakeword", "mine", tmp_path)


def test_a_description_without_its_model_names_what_is_missing(tmp_path: Path) -> None:
    describe(tmp_path, "mine", model="../elsewhere/small.tflite")
    with pytest.raises(ConfigError, match=r"small.tflite cannot be read: No such file"):
        load("microwakeword", "mine", tmp_path)


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"voice.wake_models: there is no folder"):
        load("both", "alexa", tmp_path / "none")


def test_every_bad_file_is_told_at_once(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.tflite").write_bytes(b"x" * 100)
    wanted = [WakeWord(word="one"), WakeWord(word="two")]
    with pytest.raises(ConfigError, match=r"one.tflite(.|\n)*two.tflite"):
        load_wake_words("openwakeword", wanted, tmp_path)


@pytest.mark.parametrize("written", ["OK Nabu", "ok-nabu", "okay nabu", " Okay_Nabu "])
def test_spelling_does_not_matter(written: str) -> None:
    assert name_of(written) == "okay_nabu"
