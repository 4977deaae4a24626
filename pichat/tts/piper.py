"""Piper: a neural voice, from a file that the owner installed. Needs the `piper` extra."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from pichat.config.types import Style
from pichat.errors import UnavailableError
from pichat.tts.base import PLAIN, Speech

if TYPE_CHECKING:
    from piper import PiperVoice

log = structlog.get_logger(__name__)


class Piper:
    """Implements Synthesiser. The voice is loaded at the first speech, and it speaks the language
    it was made for, whichever is asked. One chunk is one sentence, made in a thread; leaving the
    context waits for the sentence that is being made."""

    def __init__(self, voice: Path | None) -> None:
        self._path = voice
        self._voice: PiperVoice | None = None
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def speak(self, text: str, language: str, style: Style = PLAIN) -> AsyncIterator[Speech]:
        """See Synthesiser."""
        async with self._lock:
            if self._voice is None:
                self._voice = await asyncio.to_thread(_load, self._path)
            sentences = iter(chunk.audio_int16_bytes for chunk in self._voice.synthesize(text))
            yield Speech(self._voice.config.sample_rate, _chunks(sentences))


def missing(voice: Path | None) -> str | None:
    if voice is None:
        return "Piper has no voice: voice.piper_voice in the configuration names none."
    if not voice.is_file():
        return f"The Piper voice {voice} is not there."
    if not voice.with_name(f"{voice.name}.json").is_file():
        return f"The Piper voice {voice} lacks its settings, {voice.name}.json beside it."
    if importlib.util.find_spec("piper") is None:
        return "Piper is not installed."
    return None


def create(voice: Path | None) -> Piper:
    return Piper(voice)


def _load(path: Path | None) -> PiperVoice:
    if (lacks := missing(path)) or path is None:
        raise UnavailableError(lacks or "Piper has no voice.")
    # Heavy: it brings onnxruntime, which only owners of a Piper voice pay for.
    from piper import PiperVoice

    try:
        return PiperVoice.load(path)
    except Exception as error:  # onnxruntime and json raise many kinds on a broken file
        log.warning("piper voice refused", path=str(path), error=str(error))
        raise UnavailableError(f"The Piper voice {path.name} cannot be read.") from error


async def _chunks(sentences: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (chunk := await asyncio.to_thread(next, sentences, None)) is not None:
        yield chunk
