"""Piper: neural voices, from files that the owner installed. Needs the `piper` extra."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from pichat.config.types import Style
from pichat.errors import UnavailableError
from pichat.tts.background import Background
from pichat.tts.base import PLAIN, Speech

if TYPE_CHECKING:
    from piper import PiperVoice

log = structlog.get_logger(__name__)
_MOST_VOICES = 2  # some 60 MB each
_DEADLINE_S = 30.0  # for loading, and for one sentence


class Piper:
    """Implements Synthesiser. The voice is `style.piper_voice`; it speaks the language it was
    made for, whichever is asked, and has its own gender and accent.

    Voices are loaded at their first speech, and the two that spoke last are kept. One chunk is
    one sentence, made on a thread; the first is made before the context is entered, so that a
    voice that cannot speak is known by then. Leaving early does not wait.
    """

    def __init__(self) -> None:
        self._voices: OrderedDict[Path, PiperVoice] = OrderedDict()
        self._background = Background()

    @asynccontextmanager
    async def speak(self, text: str, language: str, style: Style = PLAIN) -> AsyncIterator[Speech]:  # noqa: ARG002
        """See Synthesiser."""
        path = style.piper_voice
        if (lacks := missing(path)) or path is None:
            raise UnavailableError(lacks or "Piper has no voice.")
        begin = partial(self._begin, path, text, style.rate)
        try:
            sample_rate_hz, sentences = await self._background.run(begin, _DEADLINE_S)
            first = await self._next(sentences)
        except Exception as error:  # onnxruntime and json raise many kinds on a broken file
            self._voices.pop(path, None)
            log.warning("piper voice refused", path=str(path), error=repr(error))
            raise UnavailableError(f"The Piper voice {path.name} cannot be used.") from error
        yield Speech(sample_rate_hz, self._chunks(first, sentences))

    async def _next(self, sentences: Iterator[bytes]) -> bytes | None:
        return await self._background.run(lambda: next(sentences, None), _DEADLINE_S)

    async def _chunks(
        self, first: bytes | None, sentences: Iterator[bytes]
    ) -> AsyncIterator[bytes]:
        chunk = first
        while chunk is not None:
            yield chunk
            chunk = await self._next(sentences)

    # --- on the thread -------------------------------------------------------------------------

    def _begin(self, path: Path, text: str, rate: float) -> tuple[int, Iterator[bytes]]:
        from piper import SynthesisConfig

        voice = self._voices.get(path)
        if voice is None:
            voice = self._voices[path] = _load(path)
            while len(self._voices) > _MOST_VOICES:
                self._voices.popitem(last=False)
        self._voices.move_to_end(path)
        settings = SynthesisConfig(length_scale=voice.config.length_scale / rate)
        chunks = voice.synthesize(text, settings)
        return voice.config.sample_rate, (chunk.audio_int16_bytes for chunk in chunks)


def missing(voice: Path | None) -> str | None:
    if voice is None:
        return "Piper has no voice: piper_voice in the profile's style names none."
    if not voice.is_file():
        return f"The Piper voice {voice} is not there."
    if not voice.with_name(f"{voice.name}.json").is_file():
        return f"The Piper voice {voice} lacks its settings, {voice.name}.json beside it."
    if importlib.util.find_spec("piper") is None:
        return "Piper is not installed."
    return None


def create() -> Piper:
    return Piper()


def _load(path: Path) -> PiperVoice:
    # Heavy: it brings onnxruntime, which only owners of a Piper voice pay for.
    from piper import PiperVoice
    from piper.config import PiperConfig

    onnxruntime = importlib.import_module("onnxruntime")
    config = PiperConfig.from_dict(json.loads(Path(f"{path}.json").read_bytes()))
    options = onnxruntime.SessionOptions()
    # One core is left to the rest of the house, and none is kept busy between two sentences.
    options.intra_op_num_threads = max(1, (os.cpu_count() or 1) - 1)
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(
        str(path), sess_options=options, providers=["CPUExecutionProvider"]
    )
    return PiperVoice(session=session, config=config)
