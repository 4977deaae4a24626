"""The choice of the voice: a Piper voice where one is installed, else espeak-ng.

An engine is a file of this folder whose name is the config value; it has `create(voice)`, and
`usable(voice)` says whether `auto` may take it.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import cast

from pichat.modules import load_engine
from pichat.tts.base import Synthesiser

_BEST_FIRST = ("piper", "espeak-ng")


def choose(engine: str, voice: Path | None) -> Synthesiser:
    """The engine named, or for `auto` the best that is usable. `voice` is Piper's file. Nothing
    heavy is loaded before the first speech. Raises ConfigError for an engine not known."""
    load = partial(load_engine, "tts", kind="speech engine")
    if engine == "auto":
        engine = next((name for name in _BEST_FIRST if load(name).usable(voice)), _BEST_FIRST[-1])
    return cast("Synthesiser", load(engine).create(voice))
