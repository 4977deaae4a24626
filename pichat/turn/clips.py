"""Speech that is no conversation: a whole clip into text, and text into a whole clip."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from pichat.config.types import Style
from pichat.errors import UnavailableError
from pichat.events import Utterance
from pichat.stt.base import Recogniser
from pichat.stt.transcriber import Transcriber
from pichat.tts.base import Speech, Synthesiser
from pichat.turn.reply import Turns


@dataclass(frozen=True, slots=True)
class Written:
    """`engine`: who wrote it: `home` for the home's own recogniser, `model`, or `` when nobody
    could make anything out. `command`: whether it is one for this house."""

    text: str
    engine: str
    command: bool


_LEARNING = "I am still learning the names of the house."
_OFF = "Speech is not understood here: the voice is switched off (voice.enabled is false)."


class Clips:
    """The same engines as the voice loop's, and beside it. Without `learns`, there will be no
    recogniser."""

    def __init__(
        self,
        turns: Turns,
        synthesiser: Synthesiser,
        transcriber: Transcriber | None,
        language: str,
        *,
        learns: bool = True,
    ) -> None:
        self._why_not = _LEARNING if learns else _OFF
        self._turns = turns
        self._synthesiser = synthesiser
        self._transcriber = transcriber
        self._language = language
        self._open_recogniser: Callable[[], Recogniser] | None = None
        self._recognising = asyncio.Lock()  # one at a time: it takes a core

    def set_recogniser(self, open_recogniser: Callable[[], Recogniser]) -> None:
        """Recognise with this from now on."""
        self._open_recogniser = open_recogniser

    async def to_text(self, pcm: bytes) -> Written:
        """What is said in 16 kHz mono int16 sound: a home command if it is one, else what a model
        makes of it, else the recogniser's best guess. Raises UnavailableError."""
        candidates: tuple[str, ...] = ()
        if (open_recogniser := self._open_recogniser) is not None:
            async with self._recognising:
                candidates = await asyncio.to_thread(_recognise, open_recogniser, pcm)
        elif self._transcriber is None:
            raise UnavailableError(self._why_not)
        utterance = Utterance(
            candidates=candidates, source="screen", turn_id="", conversation_id=""
        )
        command = await self._turns.command_in(utterance) if candidates else None
        if command is not None:
            return Written(command, "home", command=True)
        if self._transcriber is not None:
            text = await self._transcriber.transcribe(pcm, self._language)
            return Written(text, "model" if text else "", command=False)
        text = next(iter(candidates), "")
        return Written(text, "home" if text else "", command=False)

    def to_speech(
        self, text: str, language: str | None, style: Style
    ) -> AbstractAsyncContextManager[Speech]:
        """`text` aloud, in the house's language if none is given. Raises UnavailableError when it
        cannot speak."""
        return self._synthesiser.speak(text, language or self._language, style)


def _recognise(open_recogniser: Callable[[], Recogniser], pcm: bytes) -> tuple[str, ...]:
    recogniser = open_recogniser()
    try:
        recogniser.begin()
        recogniser.feed(pcm)
        return recogniser.finish()
    finally:
        recogniser.close()
