"""What a recogniser is, and how one is opened by its config name."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec

from pichat.errors import UnavailableError


class Vocabulary(msgspec.Struct, frozen=True, kw_only=True):
    """The files that hold what may be said in this house."""

    language_model: Path  # ARPA trigrams
    dictionary: Path  # word and ARPAbet phones a line


class Recogniser(Protocol):
    """Decodes while the person speaks. Used from one thread at a time; every call blocks."""

    def begin(self) -> None:
        """Start an utterance; one that was not finished is dropped."""
        ...

    def feed(self, pcm: bytes) -> None:
        """Sound of any length: 16 kHz, mono, int16 little-endian. Ignored outside an utterance."""
        ...

    def partial(self) -> str:
        """The best text so far, "" for none."""
        ...

    def finish(self) -> tuple[str, ...]:
        """End the utterance: candidate texts, likeliest first; () when nothing was heard."""
        ...

    def close(self) -> None:
        """Free the engine; nothing may be called afterwards."""
        ...


Factory = Callable[[Vocabulary], Recogniser]
REGISTRY: dict[str, Factory] = {}


def engine(name: str) -> Callable[[Factory], Factory]:
    """Register the decorated factory. Its module is called like the engine."""

    def register(factory: Factory) -> Factory:
        if name in REGISTRY:
            raise TypeError(f"speech-to-text engine {name!r} is registered twice")
        REGISTRY[name] = factory
        return factory

    return register


def open_recogniser(name: str, vocabulary: Vocabulary) -> Recogniser:
    """The engine of that name, loaded. Raises UnavailableError when it cannot be."""
    if name not in REGISTRY:
        try:
            importlib.import_module(f"pichat.stt.{name}")
        except ImportError as error:
            raise UnavailableError(f"There is no speech recogniser “{name}” here.") from error
    return REGISTRY[name](vocabulary)
