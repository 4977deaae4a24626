"""The real faster-whisper in a real worker, on a model of hand-made weights."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest
from home_assistant_intents import get_languages

from pichat.bus import Bus
from pichat.errors import TooLargeError, UnavailableError
from pichat.health import Health
from pichat.stt.transcriber import LONGEST_S, Transcriber
from pichat.stt.whisper import LANGUAGES, PART, Whisper, missing, need_bytes, whisper_language
from tests.support.speech import VOICES, espoken, silence, spoken
from tests.support.tiny_whisper import SENTENCE, write_tiny_whisper
from tests.worker.processes import gone

SPOKEN = "what is the capital of france"
SLOW = 200  # layers: about a second


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_whisper(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_whisper(tmp_path_factory.mktemp("models") / "slow", encoder_layers=SLOW)


@pytest.fixture
def health() -> Health:
    return Health(Bus())


@asynccontextmanager
async def whisper(
    folder: Path, health: Health, idle_s: float = 60, deadline_s: float = 20
) -> AsyncIterator[Whisper]:
    async with Whisper(folder, health, idle_s=idle_s, deadline_s=deadline_s) as engine:
        yield engine


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.to_thread(lambda: None)


def noise(seconds: float, loudness: float) -> bytes:
    rng = np.random.default_rng(7)
    sound = rng.normal(size=round(16_000 * seconds)) * loudness
    return bytes(sound.clip(-32_768, 32_767).astype(np.int16).tobytes())


async def test_speech_becomes_the_sentence_of_the_model(tiny: Path, health: Health) -> None:
    async with whisper(tiny, health) as engine:
        transcriber: Transcriber = engine
        said = [await transcriber.transcribe(spoken(SPOKEN, voice), "en") for voice in VOICES]
        said.append(await transcriber.transcribe(espoken("stop"), "de-CH"))
        said.append(await transcriber.transcribe(spoken("yes") + b"\0", "nb"))
        assert said == [SENTENCE] * (len(VOICES) + 2)
        assert health.parts()[PART].status == "ok"


async def test_where_nobody_speaks_there_is_no_text(tiny: Path, health: Health) -> None:
    async with whisper(tiny, health) as engine:
        sounds = [b"", b"\0", silence(0.01), silence(2), noise(2, 30), noise(2, 3_000)]
        sounds.append(noise(2, 30_000))
        assert [await engine.transcribe(sound, "en") for sound in sounds] == [""] * len(sounds)


async def test_what_the_model_itself_doubts_is_dropped(tmp_path: Path, health: Health) -> None:
    """It says the sentence, and that it heard no speech: real models do that with noise."""
    from faster_whisper import WhisperModel

    folder = write_tiny_whisper(tmp_path / "unsure", sure=False)
    sound = np.frombuffer(spoken(SPOKEN), np.int16).astype(np.float32) / 32_768
    model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)
    segments, _ = model.transcribe(
        sound, "en", beam_size=1, temperature=0, without_timestamps=True, no_speech_threshold=None
    )
    assert [part.text.strip() for part in segments] == [SENTENCE]
    async with whisper(folder, health) as engine:
        assert await engine.transcribe(spoken(SPOKEN), "en") == ""


@pytest.mark.long
async def test_what_only_repeats_itself_is_dropped(tmp_path: Path, health: Health) -> None:
    folder = write_tiny_whisper(tmp_path / "stuck", "thank you " * 6)
    async with whisper(folder, health) as engine:
        assert await engine.transcribe(spoken(SPOKEN), "en") == ""


@pytest.mark.long
async def test_two_at_once(tiny: Path, health: Health) -> None:
    async with whisper(tiny, health) as engine:
        both = [engine.transcribe(sound, "en") for sound in (spoken(SPOKEN), silence(1))]
        assert await asyncio.gather(*both) == [SENTENCE, ""]


@pytest.mark.long
async def test_thirty_seconds_and_no_more(tiny: Path, health: Health) -> None:
    sound = spoken(SPOKEN) + silence(LONGEST_S)
    limit = int(LONGEST_S * 32_000)
    async with whisper(tiny, health) as engine:
        assert await engine.transcribe(sound[:limit], "en") == SENTENCE
        with pytest.raises(TooLargeError, match="at most 30 seconds"):
            await engine.transcribe(sound[: limit + 2], "en")


@pytest.mark.long
async def test_killed_in_the_middle_of_an_utterance(slow: Path, health: Health) -> None:
    async with whisper(slow, health) as engine:
        await engine.worker.load()
        asking = asyncio.create_task(engine.transcribe(spoken(SPOKEN), "en"))
        await until(lambda: engine.worker.stage == "busy")
        assert engine.worker.pid is not None
        os.kill(engine.worker.pid, signal.SIGKILL)
        with pytest.raises(UnavailableError, match="speech model crashed while it was listening"):
            await asking
        assert await engine.transcribe(spoken(SPOKEN), "en") == SENTENCE


async def test_a_hanging_one_is_given_up_at_the_deadline(slow: Path, health: Health) -> None:
    async with whisper(slow, health, deadline_s=0.4) as engine:
        await engine.worker.load()
        pid = engine.worker.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(UnavailableError, match="speech model did not answer in time"):
            await engine.transcribe(spoken(SPOKEN), "en")
        await gone(pid)


async def test_cancelling_frees_the_processor(slow: Path, health: Health) -> None:
    async with whisper(slow, health) as engine:
        await engine.worker.load()
        asking = asyncio.create_task(engine.transcribe(spoken(SPOKEN), "en"))
        await until(lambda: engine.worker.stage == "busy")
        asking.cancel()
        await asyncio.wait([asking])
        assert asking.cancelled()
        async with asyncio.timeout(2):  # it lets go, or is killed
            await until(lambda: engine.worker.stage != "busy")
        assert health.parts()[PART].status == "ok"
        assert await engine.transcribe(silence(0.5), "en") == ""


@pytest.mark.long
async def test_unloaded_when_idle_and_back_when_needed(tiny: Path, health: Health) -> None:
    async with whisper(tiny, health, idle_s=0.05) as engine:
        assert await engine.transcribe(spoken(SPOKEN), "en") == SENTENCE
        pid = engine.worker.pid
        if pid is not None:
            await gone(pid)
        assert await engine.transcribe(spoken(SPOKEN), "en") == SENTENCE


@pytest.mark.long
async def test_the_daemon_does_not_grow(tiny: Path, health: Health) -> None:
    process = psutil.Process()
    sound = spoken(SPOKEN) + silence(20)
    async with whisper(tiny, health) as engine:
        before = process.memory_info().rss
        for _ in range(10):
            await engine.transcribe(sound, "en")
        assert process.memory_info().rss - before < 3_000_000


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("model.bin", None, "not complete: model.bin is missing"),
        ("tokenizer.json", None, "not complete: tokenizer.json is missing"),
        ("config.json", None, "not complete: config.json is missing"),
        ("vocabulary.json", None, "not complete: vocabulary.json is missing"),
        ("config.json", b"{", "damaged: config.json cannot be read"),
        ("model.bin", b"", "is not a Whisper model"),
        ("model.bin", b"version https://git-lfs", "is not a Whisper model"),
    ],
)
def test_what_a_folder_lacks_is_seen_without_loading(
    tmp_path: Path, name: str, content: bytes | None, sentence: str
) -> None:
    folder = write_tiny_whisper(tmp_path / "model")
    assert missing(folder) is None
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    assert sentence in (missing(folder) or "")


async def test_a_model_may_be_installed_later(tmp_path: Path, health: Health) -> None:
    folder = tmp_path / "model"
    async with whisper(folder, health) as engine:
        assert "There is no folder" in (health.parts()[PART].reason or "")
        with pytest.raises(UnavailableError, match="There is no folder"):
            await engine.transcribe(spoken(SPOKEN), "en")
        assert engine.worker.pid is None
        write_tiny_whisper(folder)
        assert await engine.transcribe(spoken(SPOKEN), "en") == SENTENCE
        assert health.parts()[PART].status == "ok"


@pytest.mark.parametrize(
    "name",
    [
        "model.bin",
        *(pytest.param(n, marks=pytest.mark.long) for n in ("tokenizer.json", "vocabulary.json")),
    ],
)
async def test_a_damaged_file_is_a_sentence(tmp_path: Path, health: Health, name: str) -> None:
    folder = write_tiny_whisper(tmp_path / "model")
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[: len(whole) // 2])
    assert missing(folder) is None
    async with whisper(folder, health) as engine:
        with pytest.raises(UnavailableError, match="speech model cannot be loaded"):
            await engine.transcribe(spoken(SPOKEN), "en")
        assert "its files may be damaged" in (health.parts()[PART].reason or "")


@pytest.mark.long
async def test_an_english_model_takes_no_other_language(tmp_path: Path, health: Health) -> None:
    folder = write_tiny_whisper(tmp_path / "english")
    vocabulary = json.loads((folder / "vocabulary.json").read_text())
    vocabulary[vocabulary.index("")] = "Ġnot-empty"
    (folder / "vocabulary.json").write_text(json.dumps(vocabulary))
    async with whisper(folder, health) as engine:
        with pytest.raises(UnavailableError, match="knows English only"):
            await engine.transcribe(spoken(SPOKEN), "de")
        assert await engine.transcribe(silence(0.5), "en") == ""


def test_the_memory_grows_with_the_model(tiny: Path, slow: Path) -> None:
    assert 100_000_000 < need_bytes(tiny) < need_bytes(slow) < 200_000_000


def test_languages_of_the_intents_are_languages_of_whisper() -> None:
    from faster_whisper.tokenizer import _LANGUAGE_CODES

    assert {*_LANGUAGE_CODES} - LANGUAGES == {"yue"}  # of the largest models only
    assert not LANGUAGES - {*_LANGUAGE_CODES}
    unknown = set()
    for code in get_languages():
        try:
            whisper_language(code)
        except UnavailableError:
            unknown.add(code)
    assert unknown == {"ga", "kw"}
    assert [whisper_language(code) for code in ("de-CH", "pt-BR", "zh-HK", "sr-Latn", "nb")] == [
        *("de", "pt", "zh", "sr", "no")
    ]
