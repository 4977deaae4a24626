"""Piper for real, with voices made here, because none can be carried; and what happens when one
is broken."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from pichat.bus import Bus
from pichat.config.types import Style
from pichat.errors import ConfigError, UnavailableError
from pichat.health import Health
from pichat.tts.background import Background
from pichat.tts.espeak_ng import EspeakNg
from pichat.tts.fallback import WithFallback
from pichat.tts.piper import Piper
from pichat.tts.registry import choose, missing
from tests.tts.speaking import speak
from tests.tts.tiny_voice import SAMPLE_RATE_HZ, write_tiny_voice

ON = [1, 0, ord("o"), 0, ord("n"), 0, 2]  # begin, pad between all, end


def heard(pcm: bytes) -> list[int]:
    """The tiny voice's phoneme ids: its sound is scaled to its loudest."""
    sound = np.frombuffer(pcm, np.int16)
    return [round(int(sample) * max(ON) / int(sound.max())) for sample in sound]


async def test_it_speaks_with_the_profiles_voice(tmp_path: Path) -> None:
    style = Style(piper_voice=write_tiny_voice(tmp_path))
    rate_hz, pcm = await speak(choose("auto"), "on", style=style)
    assert rate_hz == SAMPLE_RATE_HZ
    assert heard(pcm) == ON


async def test_two_voices_are_kept_and_the_third_takes_the_place_of_the_first(
    tmp_path: Path,
) -> None:
    piper, voices = Piper(), []
    for name in "abc":
        (tmp_path / name).mkdir()
        voices.append(write_tiny_voice(tmp_path / name))
        await speak(piper, "on", style=Style(piper_voice=voices[-1]))
    assert list(piper._voices) == voices[1:]
    await speak(piper, "on", style=Style(piper_voice=voices[1]))
    await speak(piper, "on", style=Style(piper_voice=voices[0]))
    assert list(piper._voices) == [voices[1], voices[0]]


async def test_the_rate_is_the_length(tmp_path: Path) -> None:
    """The tiny voice can tell what it was asked: a scale of 2 doubles its sound."""
    voice = write_tiny_voice(tmp_path, scaled=True)
    plain = await speak(Piper(), "on", style=Style(piper_voice=voice))
    slow = await speak(Piper(), "on", style=Style(piper_voice=voice, rate=0.5))
    assert len(slow[1]) == 2 * len(plain[1])


def broken(voice: Path, how: str) -> None:
    settings = Path(f"{voice}.json")
    match how:
        case "no model":
            voice.write_bytes(b"no model")
        case "truncated":
            voice.write_bytes(voice.read_bytes()[:-40])
        case "empty":
            voice.write_bytes(b"")
        case "bad settings":
            settings.write_text("{")
        case "other settings":
            settings.write_text("[]")
        case "no settings":
            settings.unlink()
        case "no file":
            voice.unlink()
        case "wrong inputs":
            voice.write_bytes(voice.read_bytes().replace(b"scales", b"scalez"))


@pytest.mark.parametrize(
    "how",
    [
        "no model",
        "truncated",
        "empty",
        "bad settings",
        "other settings",
        "no settings",
        "no file",
        "wrong inputs",
    ],
)
async def test_a_broken_voice_is_told_and_espeak_speaks(tmp_path: Path, how: str) -> None:
    voice = write_tiny_voice(tmp_path)
    broken(voice, how)
    health, style = Health(Bus()), Style(piper_voice=voice)
    synthesiser = choose("auto", health)
    for _ in range(2):
        rate_hz, pcm = await speak(synthesiser, "The kitchen light is on.", style=style)
        assert len(pcm) / rate_hz / 2 > 0.8
    part = health.parts()["speech"]
    assert part.status == "degraded"
    assert "tiny.onnx" in (part.reason or "")
    with pytest.raises(UnavailableError, match=r"tiny\.onnx"):
        await speak(Piper(), "on", style=style)


async def test_a_repaired_voice_speaks_again(tmp_path: Path) -> None:
    voice = write_tiny_voice(tmp_path)
    whole = voice.read_bytes()
    voice.write_bytes(b"no model")
    health, style = Health(Bus()), Style(piper_voice=voice)
    synthesiser = choose("auto", health)
    assert len((await speak(synthesiser, "on", style=style))[1]) > 1_000
    voice.write_bytes(whole)
    assert heard((await speak(synthesiser, "on", style=style))[1]) == ON
    assert health.parts()["speech"].status == "ok"


async def test_it_is_tried_again_later_although_its_files_are_the_same(tmp_path: Path) -> None:
    now_s, tries = 0.0, 0

    class Counted(Piper):
        def _begin(self, *arguments: object) -> tuple[int, object]:  # type: ignore[override]
            nonlocal tries
            tries += 1
            raise OSError("no memory")

    voice = write_tiny_voice(tmp_path)
    synthesiser = WithFallback(Counted(), EspeakNg(), None, retry_s=60, clock=lambda: now_s)
    for now_s in (0.0, 10.0, 59.0, 61.0, 62.0):  # noqa: B007 (the clock reads it)
        await speak(synthesiser, "on", style=Style(piper_voice=voice))
    assert tries == 2


async def test_piper_without_a_voice_is_told_and_espeak_speaks() -> None:
    health = Health(Bus())
    _, pcm = await speak(choose("piper", health), "The kitchen light is on.")
    assert len(pcm) > 10_000
    assert "names none" in (health.parts()["speech"].reason or "")


async def test_styles_without_a_voice_are_espeaks(tmp_path: Path) -> None:
    synthesiser = choose("auto")
    await speak(synthesiser, "on", style=Style(piper_voice=write_tiny_voice(tmp_path)))
    assert await speak(synthesiser, "on") == await speak(EspeakNg(), "on")


async def test_work_that_hangs_is_left_behind() -> None:
    background, released = Background(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def hang() -> None:
        asyncio.run_coroutine_threadsafe(released.wait(), loop).result()

    with pytest.raises(TimeoutError):
        await background.run(hang, 0.05)
    assert await background.run(lambda: 1, 5) == 1
    released.set()


async def test_work_does_not_hold_up_the_event_loop(tmp_path: Path) -> None:
    """A sentence that takes long to make, as real voices' do."""
    voice = write_tiny_voice(tmp_path, scaled=True, repeats=1_000_000)
    style = Style(piper_voice=voice)
    piper = Piper()
    await speak(piper, "on", style=style)
    speaking = asyncio.create_task(speak(piper, "on", style=style))
    turns = 0
    while not speaking.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert turns > 10


def test_the_choice(tmp_path: Path) -> None:
    assert isinstance(choose("espeak-ng"), EspeakNg)
    assert isinstance(choose("auto"), WithFallback)
    with pytest.raises(ConfigError, match="called “festival”"):
        choose("festival")


def test_what_a_voice_lacks_shows_before_it_speaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    voice = tmp_path / "voice.onnx"
    assert "names none" in (missing("piper", None) or "")
    assert "is not there" in (missing("auto", voice) or "")
    voice.touch()
    assert "voice.onnx.json" in (missing("piper", voice) or "")
    assert missing("auto", None) is None  # espeak-ng speaks
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "espeak-ng is not installed" in (missing("auto", None) or "")
