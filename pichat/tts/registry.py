"""The choice of the voice: a Piper voice where one is installed, else espeak-ng.

An engine is a file of this folder whose name is the config value; it has `create(voice)`, and
`usable(voice)` says whether `auto` may take it.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import cast

from pichat.errors import ConfigError
from pichat.tts.base import Synthesiser

_BEST_FIRST = ("piper", "espeak-ng")


def choose(engine: str, voice: Path | None) -> Synthesiser:
    """The engine named, or for `auto` the best that is usable. `voice` is Piper's file. Nothing
    heavy is loaded before the first speech. Raises ConfigError for an engine not known."""
    if engine == "auto":
        engine = next((name for name in _BEST_FIRST if _module(name).usable(voice)), "espeak-ng")
    return cast("Synthesiser", _module(engine).create(voice))


def _module(engine: str) -> ModuleType:
    name = f"pichat.tts.{engine.replace('-', '_')}"
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise ConfigError(f"There is no speech engine called “{engine}”.") from error
