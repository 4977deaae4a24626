"""What transcribes the whole of an utterance, in whatever words."""

from __future__ import annotations

from typing import Protocol

LONGEST_S = 30.0


class Transcriber(Protocol):
    """Knows any words, and takes its time."""

    async def transcribe(self, pcm: bytes, language: str) -> str:
        """The text of 16 kHz mono int16 sound of up to LONGEST_S, "" when nobody speaks in it.
        `language`: a code of home-assistant-intents. Cancelling ends the computing.

        Raises UnavailableError when it cannot (no model, a crash, too slow, a language that the
        model does not know), BusyError when too many wait, TooLargeError for longer sound.
        """
        ...
