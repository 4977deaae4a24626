"""The voice for each sentence: the profile's Piper voice, and espeak-ng where that cannot."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pichat.config.types import Style
from pichat.errors import UnavailableError
from pichat.health import Health
from pichat.tts.base import PLAIN, ServedSynthesiser, Speech, Synthesiser

_PART = "speech"


@dataclass(frozen=True, slots=True)
class _Broken:
    """Why a voice could not speak, what its files were then, and when to try it again."""

    sentence: str
    files: tuple[tuple[int, int] | None, ...]
    until_s: float


class WithFallback:
    """Implements ServedSynthesiser: `first` for a style that names a Piper voice (or for all, when
    `always`), `second` for the others and for a voice that cannot speak.

    A voice that failed is told on the board as part `speech`, degraded, and is not tried again
    for `retry_s`, unless its files changed. Once it speaks the part is ok.
    """

    def __init__(
        self,
        first: Synthesiser,
        second: ServedSynthesiser,
        health: Health | None,
        *,
        always: bool = False,
        retry_s: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._first = first
        self._second = second
        self._health = health
        self._always = always
        self._retry_s = retry_s
        self._clock = clock
        self._broken: dict[Path | None, _Broken] = {}

    @asynccontextmanager
    async def speak(self, text: str, language: str, style: Style = PLAIN) -> AsyncIterator[Speech]:
        """See Synthesiser."""
        voice = style.piper_voice
        async with AsyncExitStack() as stack:
            speech: Speech | None = None
            if (voice is not None or self._always) and self._may_try(voice):
                try:
                    speaking = self._first.speak(text, language, style)
                    speech = await stack.enter_async_context(speaking)
                except UnavailableError as error:
                    self._failed(voice, error.sentence)
                else:
                    self._worked(voice)
            if speech is None:
                speaking = self._second.speak(text, language, style)
                speech = await stack.enter_async_context(speaking)
            yield speech

    async def serve(self, language: str, style: Style = PLAIN) -> None:
        """See ServedSynthesiser."""
        await self._second.serve(language, style)

    def _may_try(self, voice: Path | None) -> bool:
        broken = self._broken.get(voice)
        return broken is None or self._clock() >= broken.until_s or _files(voice) != broken.files

    def _failed(self, voice: Path | None, sentence: str) -> None:
        self._broken[voice] = _Broken(sentence, _files(voice), self._clock() + self._retry_s)
        if self._health is not None:
            self._health.set(_PART, "degraded", sentence)

    def _worked(self, voice: Path | None) -> None:
        if self._broken.pop(voice, None) is None or self._health is None:
            return
        if self._broken:
            last = list(self._broken.values())[-1]
            self._health.set(_PART, "degraded", last.sentence)
        else:
            self._health.set(_PART, "ok")


def _files(voice: Path | None) -> tuple[tuple[int, int] | None, ...]:
    """What changes when somebody repairs a voice."""
    if voice is None:
        return ()
    return tuple(_identity(path) for path in (voice, Path(f"{voice}.json")))


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns
