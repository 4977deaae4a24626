"""The choice of the voice: a Piper voice where one is installed, else espeak-ng.

An engine is a file of this folder whose name is the config value; it has `create(voice)`, and
`missing(voice)` is a sentence about what it lacks, or None when `auto` may take it.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import ModuleType
from typing import cast

from pichat.modules import load_engine
from pichat.tts.base import Synthesiser

_BEST_FIRST = ("piper", "espeak-ng")


def choose(engine: str, voice: Path | None) -> Synthesiser:
    """The engine named, or for `auto` the best that is usable. `voice` is Piper's file. Nothing
    heavy is loaded before the first speech. Raises ConfigError for an engine not known."""
    return cast("Synthesiser", _engine(engine, voice).create(voice))


def missing(engine: str, voice: Path | None) -> str | None:
    """Why the engine that `choose` takes will not speak, as far as shows without loading it."""
    return cast("str | None", _engine(engine, voice).missing(voice))


def _engine(name: str, voice: Path | None) -> ModuleType:
    load = partial(load_engine, "tts", kind="speech engine")
    if name == "auto":
        name = next((one for one in _BEST_FIRST if not load(one).missing(voice)), _BEST_FIRST[-1])
    return load(name)
