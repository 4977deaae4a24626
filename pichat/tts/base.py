"""What a speech synthesiser is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from pichat.config.types import Style

PLAIN = Style()


@dataclass(frozen=True, slots=True)
class Speech:
    """Mono int16 sound as it is being made, in pieces of any length."""

    sample_rate_hz: int
    chunks: AsyncIterator[bytes]


class Synthesiser(Protocol):
    """Makes speech of text. One speech at a time and instance."""

    def speak(
        self, text: str, language: str, style: Style = PLAIN
    ) -> AbstractAsyncContextManager[Speech]:
        """Speak `text`, a sentence or a few, in a language of home-assistant-intents. Leaving the
        context ends the work, finished or not. Raises UnavailableError when it cannot speak."""
        ...


class ServedSynthesiser(Synthesiser, Protocol):
    """One that speaks sooner while it is served."""

    async def serve(self, language: str, style: Style = PLAIN) -> None:
        """Until cancelled, be ready to speak as was spoken last; at first so."""
        ...
