"""espeak-ng and Piper for real; Piper with a voice made here, because none can be carried."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from home_assistant_intents import get_languages

from pichat.errors import ConfigError, UnavailableError
from pichat.tts.base import Synthesiser
from pichat.tts.espeak_ng import EspeakNg, voice_of
from pichat.tts.piper import Piper
from pichat.tts.registry import choose, missing
from tests.tts.tiny_voice import SAMPLE_RATE_HZ, write_tiny_voice


async def speak(synthesiser: Synthesiser, text: str, language: str = "en") -> tuple[int, bytes]:
    async with synthesiser.speak(text, language) as speech:
        return speech.sample_rate_hz, b"".join([chunk async for chunk in speech.chunks])


async def test_espeak_speaks() -> None:
    rate_hz, pcm = await speak(EspeakNg(), "The kitchen light is on.")
    sound = np.frombuffer(pcm, np.int16)
    assert 0.8 < len(sound) / rate_hz < 2.5
    assert np.abs(sound).max() > 5_000
    _, longer = await speak(EspeakNg(), "The kitchen light is on. And -v so is the other one.")
    assert len(longer) > len(pcm) * 1.5


async def test_leaving_early_ends_the_process() -> None:
    before = set(psutil.Process().children())
    async with EspeakNg().speak("A long story. " * 20_000, "en") as speech:
        async for _chunk in speech.chunks:
            break
        assert set(psutil.Process().children()) - before
        started_s = time.monotonic()
    assert time.monotonic() - started_s < 0.3  # all of it would take seconds
    assert not set(psutil.Process().children()) - before


async def test_cancelling_ends_the_process() -> None:
    started = asyncio.Event()

    async def talk() -> None:
        async with EspeakNg().speak("A long story. " * 400, "en"):
            started.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(talk())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not [child for child in psutil.Process().children() if "espeak" in child.name()]


@pytest.mark.parametrize("language", ["en", "de", "pt-BR", "zh-CN", "sr-Latn"])
async def test_languages_speak(language: str) -> None:
    _, pcm = await speak(EspeakNg(), "1 2 3", language)
    assert len(pcm) > 20_000


async def test_every_language_of_the_intents_has_a_voice() -> None:
    process = await asyncio.create_subprocess_exec(
        "espeak-ng", "--voices", stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    known = {line.split()[1].lower() for line in out.decode().splitlines()[1:]}
    assert {language for language in get_languages() if voice_of(language) not in known} == set()


async def test_without_espeak_it_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UnavailableError, match="espeak-ng is not installed"):
        await speak(EspeakNg(), "Hello.")


async def test_an_unknown_voice_is_a_sentence() -> None:
    with pytest.raises(UnavailableError, match="could not speak that"):
        await speak(EspeakNg(), "Hello.", "xx-nowhere")


async def test_piper_speaks_with_an_installed_voice(tmp_path: Path) -> None:
    voice = write_tiny_voice(tmp_path)
    synthesiser = choose("auto", voice)
    assert isinstance(synthesiser, Piper)
    rate_hz, pcm = await speak(synthesiser, "on")
    assert rate_hz == SAMPLE_RATE_HZ
    ids = [1, 0, ord("o"), 0, ord("n"), 0, 2]  # begin, pad between all, end
    loudest = 32_767 / max(ids)
    assert np.frombuffer(pcm, np.int16) == pytest.approx([i * loudest for i in ids], abs=2)


async def test_a_broken_piper_voice_is_a_sentence(tmp_path: Path) -> None:
    voice = write_tiny_voice(tmp_path)
    voice.write_bytes(b"no model")
    with pytest.raises(UnavailableError, match=r"voice tiny\.onnx cannot be read"):
        await speak(Piper(voice), "Hello.")


def test_the_choice(tmp_path: Path) -> None:
    assert isinstance(choose("auto", None), EspeakNg)
    assert isinstance(choose("auto", tmp_path / "missing.onnx"), EspeakNg)
    assert isinstance(choose("espeak-ng", write_tiny_voice(tmp_path)), EspeakNg)
    assert isinstance(choose("piper", None), Piper)
    with pytest.raises(ConfigError, match="called “festival”"):
        choose("festival", None)


def test_what_a_voice_lacks_shows_before_it_speaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    voice = tmp_path / "voice.onnx"
    assert "names none" in (missing("piper", None) or "")
    assert "is not there" in (missing("piper", voice) or "")
    voice.touch()
    assert "voice.onnx.json" in (missing("piper", voice) or "")
    assert missing("auto", voice) is None  # espeak-ng speaks
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "espeak-ng is not installed" in (missing("auto", None) or "")
