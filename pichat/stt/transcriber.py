"""What turns any speech into text, slowly: a model that an owner installed."""

from __future__ import annotations

from typing import Protocol


class Transcriber(Protocol):
    async def transcribe(self, pcm: bytes, language: str) -> str:
        """The text of 16 kHz mono int16 sound, at most 30 s of it, in a language of
        home-assistant-intents; "" when nobody speaks in it. Raises UnavailableError."""
        ...
