"""espeak-ng for real: its languages, genders, accents and rates."""

from __future__ import annotations

import asyncio
import subprocess
import time
from typing import Literal

import numpy as np
import psutil
import pytest
import structlog
from home_assistant_intents import get_languages

from pichat.config.types import Style
from pichat.errors import UnavailableError
from pichat.tts.accents import choose_voice, read_voices, voice_of
from pichat.tts.espeak_ng import EspeakNg
from tests.tts.speaking import speak


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


@pytest.fixture(scope="module")
def voices() -> dict[str, str]:
    command = ["espeak-ng", "--voices"]
    return read_voices(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.parametrize(
    ("language", "gender", "accent", "voice"),
    [
        ("en", None, None, "en"),
        ("en", "female", None, "en+f3"),
        ("en", "male", "american", "en-us+m3"),
        ("en", "female", "british", "en+f3"),
        ("en", None, "Scottish", "en-gb-scotland"),
        ("en", None, "caribbean", "en-029"),
        ("en", None, "received pronunciation", "en-gb-x-rp"),
        ("en", None, "west_midlands", "en-gb-x-gbcwmd"),
        ("en", None, "new york", "en-us-nyc"),
        ("en", "female", "polish", "pl+f3"),
        ("en", None, "german", "de"),
        ("en", None, "french", "fr"),
        ("en", None, "en-gb-x-rp", "en-gb-x-rp"),
        ("de", "female", "scottish", "de+f3"),
        ("de", None, "german", "de"),
        ("pt", None, "brazilian", "pt-br"),
        ("fr", None, "switzerland", "fr-ch"),
    ],
)
def test_a_style_means_a_voice(
    language: str,
    gender: Literal["female", "male"] | None,
    accent: str | None,
    voice: str,
    voices: dict[str, str],
) -> None:
    assert choose_voice(language, gender, accent, voices).voice == voice
    known = {code.casefold() for code in voices.values()} | {"en", "fr"}
    assert voice.partition("+")[0] in known


@pytest.mark.parametrize("language", ["en", "fr", "de", "pl", "pt-BR", "zh-CN"])
async def test_the_genders_sound_unlike_each_other(language: str) -> None:
    genders: tuple[Literal["female", "male"] | None, ...] = (None, "female", "male")
    styles = [Style(gender=gender) for gender in genders]
    sounds = [await speak(EspeakNg(), "1 2 3", language, style) for style in styles]
    assert len(set(sounds)) == 3


@pytest.mark.parametrize("code", ["de", "es", "it", "ja", "pl", "sv", "tr", "uk"])
def test_each_language_is_an_accent_by_its_own_name(code: str, voices: dict[str, str]) -> None:
    name = next(word for word, of in voices.items() if of == code and word != code)
    assert choose_voice("en", None, name, voices).voice == code


async def test_an_accent_that_is_not_known_is_the_plain_voice_and_told_once() -> None:
    espeak = EspeakNg()
    with structlog.testing.capture_logs() as logs:
        for _ in range(2):
            _, pcm = await speak(espeak, "Hello.", style=Style(accent="martian", gender="female"))
            assert len(pcm) > 10_000
    assert logs == [
        {"event": "accent not known", "accent": "martian", "log_level": "warning"},
    ]


async def test_styles_sound_unlike_each_other() -> None:
    styles = (Style(), Style(gender="female"), Style(accent="scottish"), Style(accent="polish"))
    sounds = [await speak(EspeakNg(), "The kitchen light is on.", style=one) for one in styles]
    assert len(set(sounds)) == len(styles)


async def test_the_rate() -> None:
    text = "The kitchen light is on, and it is ten past seven."
    plain, slow, fast = [
        len((await speak(EspeakNg(), text, style=Style(rate=rate)))[1]) for rate in (1, 0.6, 1.8)
    ]
    assert slow / plain == pytest.approx(1 / 0.6, rel=0.15)
    assert fast / plain == pytest.approx(1 / 1.8, rel=0.15)


async def ready_process(espeak: EspeakNg) -> asyncio.subprocess.Process:
    async with asyncio.timeout(3):
        while espeak._ready is None:  # noqa: ASYNC110 (nobody else wants to know)
            await asyncio.sleep(0.001)
    return espeak._ready[1]


async def test_while_it_is_served_the_next_voice_is_ready() -> None:
    espeak, style = EspeakNg(), Style(rate=1.2)
    plain = await speak(espeak, "Hello.")
    other = await speak(espeak, "Hello.", style=style)
    serving = asyncio.create_task(espeak.serve("en", style))
    for expected, wanted in ((other, style), (other, style), (plain, Style()), (plain, Style())):
        ready = await ready_process(espeak)
        assert await speak(espeak, "Hello.", style=wanted) == expected
        assert ready.returncode is not None or wanted != style
    waiting = espeak._ready
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    assert espeak._ready is None
    assert waiting is None or waiting[1].returncode is not None
    assert not [child for child in psutil.Process().children() if "espeak" in child.name()]


async def test_a_ready_voice_that_was_killed_costs_nothing() -> None:
    espeak = EspeakNg()
    serving = asyncio.create_task(espeak.serve("en"))
    process = await ready_process(espeak)
    process.kill()
    await process.wait()
    assert len((await speak(espeak, "Hello."))[1]) > 10_000
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
