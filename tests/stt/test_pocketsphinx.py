"""The real recogniser on real (synthetic) speech."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import numpy as np
import psutil
import pytest

from pichat.errors import ConfigError, UnavailableError
from pichat.intents.gate import first_understood
from pichat.intents.understand import Intents
from pichat.intents.vocabulary import fingerprint, prepare
from pichat.stt.base import Recogniser, Vocabulary, open_recogniser
from pichat.stt.pronounce import LETTERS, _longest_first, pronounce
from tests.intents.effects import effects, expected, home_commands, other_speech
from tests.intents.house import HOUSE
from tests.intents.speech import blocks, spoken
from tests.support import engines, noise
from tests.support.speech import VOICES, silence
from tests.support.speech import spoken as spoken_by

FIRST_COMMANDS = (
    ("turn off the living room lights", "awb"),
    ("set the kitchen light to fifty percent", "rms"),
    ("set the bedroom lights to maximum brightness", "rms"),
    ("set the kitchen light to warm white", "rms"),
    ("set the bedroom thermostat to twenty one degrees", "rms"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recognition")


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return engines.vocabulary()


@pytest.fixture
def another(vocabulary: Vocabulary, folder: Path) -> Iterator[Recogniser]:
    """One that has heard three commands, and no bad sound yet."""
    another = open_recogniser("pocketsphinx", vocabulary)
    for text in ("turn on the kitchen light", "what time is it", "turn off everything"):
        hear(another, spoken(text, "slt", folder))
    yield another
    another.close()


@pytest.fixture(scope="module")
def recogniser(vocabulary: Vocabulary) -> Recogniser:
    return open_recogniser("pocketsphinx", vocabulary)


def hear(recogniser: Recogniser, pcm: bytes, block_ms: int = 32) -> tuple[str, ...]:
    recogniser.begin()
    for block in blocks(pcm, block_ms):
        recogniser.feed(block)
    return recogniser.finish()


@pytest.mark.parametrize(
    ("text", "voice"),
    [
        ("turn on the kitchen light", "slt"),
        pytest.param("turn off everything", "rms", marks=pytest.mark.long),
        ("what is the temperature in the bathroom", "awb"),
        ("set the bedroom thermostat to twenty one degrees", "slt"),
        pytest.param(
            "could you turn on the lights in the living room", "rms", marks=pytest.mark.long
        ),
    ],
)
def test_commands(recogniser: Recogniser, folder: Path, text: str, voice: str) -> None:
    intents = Intents("en", lambda: HOUSE)
    found = first_understood(intents, hear(recogniser, spoken(text, voice, folder)))
    wanted = intents.understand(text)
    assert found is not None
    assert wanted is not None
    assert found[1].calls == wanted.calls


@pytest.mark.parametrize(
    "text",
    [
        "what is the capital of france",
        "i turned on the kitchen light yesterday and it was broken",
        pytest.param("why did you turn on the kitchen light at midnight", marks=pytest.mark.long),
        "turn on the television",
    ],
)
def test_other_speech_is_refused(recogniser: Recogniser, folder: Path, text: str) -> None:
    intents = Intents("en", lambda: HOUSE)
    candidates = hear(recogniser, spoken(text, "slt", folder))
    assert candidates
    assert first_understood(intents, candidates) is None


@pytest.mark.parametrize("kind", ["nothing", "silence", "noise", "hum", "clicks"])
def test_sounds_that_are_no_speech(recogniser: Recogniser, kind: str) -> None:
    random = np.random.default_rng(1)
    time_s = np.arange(32000) / 16000
    sound = {
        "nothing": np.zeros(0),
        "silence": np.zeros(32000),
        "noise": random.normal(0, 3000, 32000),
        "hum": 8000 * np.sin(2 * np.pi * 100 * time_s),
        "clicks": 20000.0 * (random.random(32000) > 0.999),
    }[kind]
    candidates = hear(recogniser, sound.clip(-32768, 32767).astype(np.int16).tobytes())
    assert first_understood(Intents("en", lambda: HOUSE), candidates) is None


def test_blocks_of_any_length_and_partial_text(recogniser: Recogniser, folder: Path) -> None:
    pcm = spoken("turn on the kitchen light", "slt", folder)
    recogniser.feed(pcm)  # outside an utterance: ignored
    recogniser.begin()
    recogniser.feed(pcm[:20001])
    recogniser.begin()  # the unfinished one is dropped
    for at in range(0, len(pcm), 1001):
        recogniser.feed(pcm[at : at + 1001])
    assert "kitchen light" in recogniser.partial()
    assert "turn on the kitchen light" in recogniser.finish()
    assert recogniser.partial() == ""
    assert recogniser.finish() == ()


def test_candidates_while_the_command_goes_on(recogniser: Recogniser, folder: Path) -> None:
    """A short silence is enough for them, and they cost nothing of what comes after."""
    assert (recogniser.so_far(), recogniser.look_again()) == ("", ())
    hear(recogniser, spoken("turn off everything", "slt", folder))  # its first is special
    recogniser.begin()
    assert (recogniser.so_far(), recogniser.look_again()) == ("", ())
    recogniser.feed(spoken_by("turn on the kitchen light", "slt") + silence(0.14))
    assert recogniser.so_far() == "turn on the kitchen light"
    assert recogniser.look_again()[0] == "turn on the kitchen light"
    assert recogniser.look_again() == recogniser.look_again()
    recogniser.feed(spoken_by("and the hallway light", "slt") + silence(0.3))
    assert "turn on the kitchen light and the hallway light" in recogniser.look_again()
    assert "turn on the kitchen light and the hallway light" in recogniser.finish()
    assert (recogniser.so_far(), recogniser.look_again()) == ("", ())


def test_a_fresh_decoder_is_sure_only_of_the_whole(vocabulary: Vocabulary) -> None:
    """It has not learnt the microphone; a look at the whole makes up for that, and teaches it."""
    fresh = open_recogniser("pocketsphinx", vocabulary)
    sound = silence(0.3) + spoken_by("turn on the kitchen light", "slt") + silence(0.14)
    fresh.begin()
    fresh.feed(sound)
    assert fresh.partial() != ""
    assert fresh.so_far() == ""
    assert fresh.look_again()[0] == "turn on the kitchen light"
    fresh.drop()
    fresh.begin()
    fresh.feed(sound)
    assert fresh.so_far() == "turn on the kitchen light"
    fresh.close()


@pytest.mark.long
def test_a_decoders_first_command_is_heard_like_any_other(
    vocabulary: Vocabulary, folder: Path
) -> None:
    """A fresh decoder that does not look twice misses each of these."""
    intents = Intents("en", lambda: HOUSE)
    for text, voice in FIRST_COMMANDS:
        fresh = open_recogniser("pocketsphinx", vocabulary)
        candidates = hear(fresh, spoken(text, voice, folder))
        fresh.close()
        found = first_understood(intents, candidates)
        wanted = intents.understand(text)
        assert found is not None, (text, voice, candidates)
        assert wanted is not None
        assert found[1].calls == wanted.calls


@pytest.mark.parametrize(
    "fault", ["clipped", *(pytest.param(f, marks=pytest.mark.long) for f in ("offset", "faint"))]
)
def test_bad_microphones(another: Recogniser, folder: Path, fault: str) -> None:
    intents = Intents("en", lambda: HOUSE)
    heard = 0
    for text in ("turn on the kitchen light", "turn off everything", "what time is it"):
        wave = np.frombuffer(spoken(text, "slt", folder), np.int16).astype(np.float64)
        peak = np.abs(wave).max()
        if fault == "clipped":
            wave = (wave * 2 * 32767 / peak).clip(-32768, 32767)
        wave = {"clipped": wave, "offset": wave * 0.8 + 4000, "faint": wave * 600 / peak}[fault]
        found = first_understood(intents, hear(another, wave.astype(np.int16).tobytes()))
        wanted = intents.understand(text)
        heard += found is not None and wanted is not None and found[1].calls == wanted.calls
    assert heard >= 2


def test_a_recording_that_ends_in_a_word(recogniser: Recogniser) -> None:
    pcm = spoken_by("turn on the living room lamp", "slt")
    intents = Intents("en", lambda: HOUSE)
    assert (
        first_understood(intents, hear(recogniser, pcm[: len(pcm) * 2 // 5 // 2 * 2 - 1])) is None
    )
    assert hear(recogniser, b"") == ()
    assert hear(recogniser, b"x") == ()


@pytest.mark.long
@pytest.mark.parametrize("kind", ["babble", "white", "tones"])
def test_noise_without_an_end(another: Recogniser, folder: Path, kind: str) -> None:
    """Its cost is bounded, it is refused, and the next command is heard."""
    intents = Intents("en", lambda: HOUSE)
    for length_s in (8, 15):
        another.begin()
        for block in blocks(getattr(noise, kind)(length_s, 3)):
            another.feed(block)
        started_s = time.thread_time()
        assert another.look_again() == ()
        candidates = another.finish()
        assert time.thread_time() - started_s < 1
        assert first_understood(intents, candidates) is None
    assert "turn off everything" in hear(another, spoken("turn off everything", "rms", folder))


@pytest.mark.long
@pytest.mark.timeout(300)
def test_ten_minutes_of_babble_cost_no_memory(recogniser: Recogniser) -> None:
    babble = noise.babble(20, 5)
    hear(recogniser, babble)
    before = psutil.Process().memory_info().rss
    recogniser.begin()
    for _ in range(30):
        for block in blocks(babble):
            recogniser.feed(block)
        recogniser.partial()
    assert recogniser.finish() == ()
    assert psutil.Process().memory_info().rss - before < 10e6


@pytest.mark.long
def test_one_for_each_station(vocabulary: Vocabulary, folder: Path) -> None:
    """Several decoders over the same files hear different commands at once."""
    texts = ("turn on the kitchen light", "turn off everything", "what time is it")
    sounds = [spoken(text, "slt", folder) for text in texts]
    stations = [open_recogniser("pocketsphinx", vocabulary) for _ in texts]
    with ThreadPoolExecutor(len(texts)) as pool:
        for _ in range(3):
            heard = pool.map(hear, stations, sounds)
            assert [candidates[0] for candidates in heard] == list(texts)
    for station in stations:
        station.close()


@pytest.mark.long
def test_a_name_outside_the_dictionary(tmp_path: Path, folder: Path) -> None:
    house = (msgspec.structs.replace(HOUSE[0], name="Glimworple"), *HOUSE[1:])
    vocabulary = asyncio.run(prepare("en", house, tmp_path))
    recogniser = open_recogniser("pocketsphinx", vocabulary)
    candidates = hear(recogniser, spoken("turn on the glimworple", "slt", folder))
    recogniser.close()
    found = first_understood(Intents("en", lambda: house), candidates)
    assert found is not None
    assert found[1].calls[0].arguments["target"] == {"devices": [house[0].id]}


def files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_kept_for_the_same_house(vocabulary: Vocabulary) -> None:
    folder = vocabulary.language_model.parent.parent
    built_ns = vocabulary.language_model.stat().st_mtime_ns
    again = await prepare("en", tuple(reversed(HOUSE)), folder)
    assert again == vocabulary
    assert again.language_model.stat().st_mtime_ns == built_ns
    renamed = (msgspec.structs.replace(HOUSE[0], name="Wizard"), *HOUSE[1:])
    assert fingerprint("en", renamed) != fingerprint("en", HOUSE)
    moved = (msgspec.structs.replace(HOUSE[0], state={}, available=False), *HOUSE[1:])
    assert fingerprint("en", moved) == fingerprint("en", HOUSE)


async def test_cancelling_leaves_nothing_behind(tmp_path: Path) -> None:
    before = set(psutil.Process().children())
    task = asyncio.create_task(prepare("en", HOUSE, tmp_path))
    async with asyncio.timeout(20):
        while not (files(tmp_path) and set(psutil.Process().children()) - before):  # noqa: ASYNC110
            await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert files(tmp_path) == []
    assert set(psutil.Process().children()) <= before


async def test_a_language_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="English only"):
        await prepare("de", HOUSE, tmp_path)


def test_an_engine_or_a_vocabulary_that_is_not_there(tmp_path: Path) -> None:
    nowhere = Vocabulary(language_model=tmp_path / "a.lm", dictionary=tmp_path / "a.dict")
    with pytest.raises(ConfigError, match="no speech recogniser called “shazam”"):
        open_recogniser("shazam", nowhere)
    with pytest.raises(UnavailableError, match="could not open"):
        open_recogniser("pocketsphinx", nowhere)


def test_pronunciations() -> None:
    assert pronounce("zigbee") == "Z IH G B IY"
    assert pronounce("--help") is not None  # a word, never an option
    assert _longest_first("fishing", LETTERS) == "F IH SH IH NG"
    assert _longest_first("+", LETTERS) == ""


@pytest.mark.long
@pytest.mark.timeout(600)
def test_every_sentence_by_every_voice(recogniser: Recogniser, folder: Path) -> None:
    intents = Intents("en", lambda: HOUSE)
    right = acted = 0
    for voice in VOICES:
        for command in home_commands():
            found = first_understood(
                intents, hear(recogniser, spoken(command["say"], voice, folder))
            )
            right += found is not None and effects(found[1].calls, HOUSE) == expected(command)
        for text in other_speech():
            candidates = hear(recogniser, spoken(text, voice, folder))
            acted += first_understood(intents, candidates) is not None
    assert right >= 0.95 * 240
    assert acted <= 0.02 * 240
