"""The choice of the voice: the profile's Piper voice where it has one, else espeak-ng.

An engine is a file of this folder whose name is the config value; it has `create()`, and
`missing(voice)` is a sentence about what it lacks, or None.
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import cast

from pichat.health import Health
from pichat.modules import load_engine
from pichat.tts.base import ServedSynthesiser
from pichat.tts.fallback import WithFallback

_LAST = "espeak-ng"  # speaks whatever the others cannot


def choose(engine: str, health: Health | None = None) -> ServedSynthesiser:
    """One synthesiser for all profiles, which picks the voice by each Style.

    `auto`: the style's Piper voice if it names one, else espeak-ng. `piper`: the same, but a
    style without a voice is told as a fault. Any other engine alone. Where Piper cannot speak,
    espeak-ng does, and `health` is told why as part `speech`. Nothing heavy is loaded before the
    first speech. Raises ConfigError for an engine not known.
    """
    if engine not in ("auto", "piper"):
        return cast("ServedSynthesiser", _engine(engine).create())
    first, second = _engine("piper").create(), _engine(_LAST).create()
    return WithFallback(first, second, health, always=engine == "piper")


def missing(engine: str, voice: Path | None) -> str | None:
    """Why a profile with that Piper voice (or none) will not speak as it is configured, as far as
    shows without loading it."""
    if engine == "auto":
        engine = _LAST if voice is None else "piper"
    return cast("str | None", _engine(engine).missing(voice))


def _engine(name: str) -> ModuleType:
    return load_engine("tts", name, kind="speech engine")
