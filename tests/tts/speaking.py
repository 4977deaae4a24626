"""Speech as a whole, for tests."""

from __future__ import annotations

from pichat.config.types import Style
from pichat.tts.base import PLAIN, Synthesiser


async def speak(
    synthesiser: Synthesiser, text: str, language: str = "en", style: Style = PLAIN
) -> tuple[int, bytes]:
    """Its rate in Hz, and all of the sound."""
    async with synthesiser.speak(text, language, style) as speech:
        return speech.sample_rate_hz, b"".join([chunk async for chunk in speech.chunks])
