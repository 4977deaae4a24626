"""Whisper in a worker process, from the daemon's side: nothing heavy is imported here."""

from __future__ import annotations

import json
import struct
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from pichat.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE_HZ
from pichat.errors import TooLargeError, UnavailableError
from pichat.health import Health
from pichat.stt.transcriber import LONGEST_S
from pichat.worker.jobs.whisper import Request, Settings
from pichat.worker.keeper import Model
from pichat.worker.memory import require_memory
from pichat.worker.worker import Limits, Worker

PART = "whisper"
NAME = "speech model"
DEADLINE_S = 30.0
_ENGINE_BYTES = 110_000_000  # Python, faster-whisper and its buffers, without a model

_LANGUAGES = (
    "af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he "
    "hi hr ht hu hy id is it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne "
    "nl nn no oc pa pl ps pt ro ru sa sd si sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk "
    "ur uz vi yi yo zh"
)
LANGUAGES = frozenset(_LANGUAGES.split())
"""What the multilingual models were taught, by Whisper's codes."""

_OTHER_NAMES = {"nb": "no", "jv": "jw", "fil": "tl"}


class Whisper:
    """Implements Transcriber; `async with Whisper(…)`. The model is loaded by the first request
    and unloaded after `idle_s` without one. What is wrong with it stands in Health as `whisper`.
    """

    def __init__(
        self, folder: Path, health: Health, *, idle_s: float, deadline_s: float = DEADLINE_S
    ) -> None:
        self._deadline_s = deadline_s
        model = Model(
            job="pichat.worker.jobs.whisper",
            settings=Settings(str(folder)),
            part=PART,
            name=NAME,
            doing="listening",
            check=partial(_check, folder),
        )
        self.worker: Worker[str] = Worker(model, str, health, Limits(idle_s=idle_s))

    async def __aenter__(self) -> Self:
        await self.worker.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.worker.__aexit__()

    async def transcribe(self, pcm: bytes, language: str) -> str:
        """See Transcriber."""
        if len(pcm) > LONGEST_S * SAMPLE_RATE_HZ * SAMPLE_BYTES:
            raise TooLargeError(f"The {NAME} takes at most {LONGEST_S:.0f} seconds of sound.")
        whole = pcm[: len(pcm) - len(pcm) % SAMPLE_BYTES]
        request = Request(whole, whisper_language(language))
        async with self.worker.run(request, deadline_s=self._deadline_s) as pieces:
            return "".join([piece async for piece in pieces])


def whisper_language(code: str) -> str:
    """Whisper's code for one of home-assistant-intents: de-CH → de, nb → no. Raises
    UnavailableError for a language that Whisper was not taught."""
    base = code.replace("_", "-").split("-")[0].lower()
    base = _OTHER_NAMES.get(base, base)
    if base not in LANGUAGES:
        raise UnavailableError(f"The {NAME} does not know the language “{code}”.")
    return base


def missing(folder: Path) -> str | None:
    """What `folder` lacks to be a Whisper model for CTranslate2, as a sentence; None when nothing.
    Nothing is loaded: a file that is damaged further in is found out by the worker."""
    if not folder.is_dir():
        return f"There is no folder “{folder}” with a {NAME}."
    for name in ("model.bin", "config.json", "tokenizer.json"):
        if not (folder / name).is_file():
            return f"The {NAME} in “{folder}” is not complete: {name} is missing."
    if not any((folder / f"vocabulary.{ending}").is_file() for ending in ("json", "txt")):
        return f"The {NAME} in “{folder}” is not complete: vocabulary.json is missing."
    if not _is_whisper(folder / "model.bin"):
        return f"The model in “{folder}” is not a Whisper model for CTranslate2."
    try:
        json.loads((folder / "config.json").read_bytes())
    except ValueError:
        return f"The {NAME} in “{folder}” is damaged: config.json cannot be read."
    return None


def need_bytes(folder: Path) -> int:
    """The memory that the model takes at least."""
    return _ENGINE_BYTES + (folder / "model.bin").stat().st_size


def _is_whisper(model: Path) -> bool:
    """Whether the file begins as CTranslate2 writes it: the format's number, and behind its
    length the name of the kind (ctranslate2.specs.model_spec)."""
    with model.open("rb") as file:
        head = file.read(6)
        if len(head) < 6:
            return False
        _, length = struct.unpack("<IH", head)
        return file.read(length) == b"WhisperSpec\0"


def _check(folder: Path) -> None:
    if find_spec("faster_whisper") is None:
        raise UnavailableError(f"The {NAME} needs the Python package faster-whisper.")
    if reason := missing(folder):
        raise UnavailableError(reason)
    require_memory(need_bytes(folder), NAME)
