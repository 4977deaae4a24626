"""A microphone, a speaker and a voice that take the time that sound takes, which is virtual."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from pichat.audio.base import Frame
from pichat.audio.pcm import BLOCK_S, SILENT_BLOCK
from pichat.config.types import Style
from pichat.errors import UnavailableError
from pichat.health import Health
from pichat.tts.base import PLAIN, Speech
from tests.turn.script import sound


class ScriptedMicrophone:
    """Implements SoundSource: silence, into which `say` speaks. `lose` pulls it out."""

    def __init__(self, health: Health | None = None, *, present: bool = True) -> None:
        self._health = health
        self._said: deque[bytes] = deque()
        self._lost = False
        self.present = present

    async def serve(self, deliver: Callable[[Frame], None]) -> None:
        if not self.present:
            raise UnavailableError("No microphone is connected.")
        if self._health is not None:
            self._health.set("microphone", "ok")
        self._lost = False
        while not self._lost:
            await asyncio.sleep(BLOCK_S)
            block = self._said.popleft() if self._said else SILENT_BLOCK
            deliver(Frame(block, now_s()))
        raise UnavailableError("The microphone was lost.")

    async def say(self, script: str) -> None:
        """Return when all of it was heard."""
        self._said += sound(script)
        await until(lambda: not self._said)
        await asyncio.sleep(BLOCK_S / 2)

    def lose(self) -> None:
        self._lost = True


class KeptPlayback:
    """Implements Playback: sound is heard at its own pace, from when it was written."""

    def __init__(
        self, speaker: KeptSpeaker, on_first: Callable[[float], None] | None, volume: float
    ) -> None:
        self._speaker = speaker
        self._on_first = on_first
        self._volume = volume
        self._zero_s = 0.0  # the speaker's time at which it would have begun, without gaps
        self.written_s = 0.0
        self.ended_s: float | None = None

    @property
    def heard_s(self) -> float:
        clock_s = self._speaker.clock_s() if self.ended_s is None else self.ended_s
        return max(0.0, min(self.written_s, clock_s - self._zero_s))

    async def write(self, chunks: AsyncIterator[bytes], sample_rate_hz: int) -> bool:
        async for chunk in chunks:
            if not await self._until(0.5):
                return False
            self._zero_s = max(self._zero_s, self._speaker.clock_s() - self.written_s)
            self.written_s += len(chunk) / 2 / sample_rate_hz
            self._speaker.played.append((chunk, self._volume))
            if self._on_first is not None:
                self._on_first(now_s())
                self._on_first = None
        return True

    async def finish(self) -> bool:
        return await self._until(0.0)

    async def _until(self, ahead_s: float) -> bool:
        while self.ended_s is None:
            if self._speaker.lost:
                raise UnavailableError("The speaker was lost.")
            if self.written_s - self.heard_s - ahead_s < 1e-6:
                return True
            await asyncio.sleep(BLOCK_S)
        return False


class KeptSpeaker:
    """Implements SoundSink. `did`: pause, resume and stop, as they came."""

    def __init__(self, health: Health | None = None, *, present: bool = True) -> None:
        self._health = health
        self._playbacks: list[KeptPlayback] = []
        self._paused_at_s: float | None = None
        self._paused_s = 0.0
        self.present = present
        self.lost = False
        self.played: list[tuple[bytes, float]] = []
        self.did: list[str] = []

    async def serve(self) -> None:
        if not self.present:
            raise UnavailableError("No speaker is connected.")
        if self._health is not None:
            self._health.set("speaker", "ok")
        await asyncio.Event().wait()

    def begin(
        self, on_first: Callable[[float], None] | None = None, volume: float = 1.0
    ) -> KeptPlayback:
        if not self.present or self.lost:
            raise UnavailableError("There is no speaker to answer through.")
        self._playbacks.append(KeptPlayback(self, on_first, volume))
        return self._playbacks[-1]

    def stop(self) -> None:
        self.did.append("stop")
        for playback in self._playbacks:
            playback.ended_s = self.clock_s()
        self._playbacks.clear()
        self._go_on()

    def pause(self) -> None:
        self.did.append("pause")
        if self._paused_at_s is None:
            self._paused_at_s = now_s()

    def resume(self) -> None:
        self.did.append("resume")
        self._go_on()

    def clock_s(self) -> float:
        """The time, without the pauses."""
        return (now_s() if self._paused_at_s is None else self._paused_at_s) - self._paused_s

    @property
    def paused(self) -> bool:
        return self._paused_at_s is not None

    def _go_on(self) -> None:
        if self._paused_at_s is not None:
            self._paused_s += now_s() - self._paused_at_s
            self._paused_at_s = None

    @property
    def said(self) -> list[str]:
        """The spoken sentences, without feedback sounds."""
        return [text for chunk, _ in self.played if (text := _spoken(chunk)) is not None]

    @property
    def volumes(self) -> list[float]:
        """Of the sentences."""
        return [volume for chunk, volume in self.played if _spoken(chunk) is not None]

    @property
    def chimes(self) -> int:
        return sum(_spoken(chunk) is None for chunk, _ in self.played)


_SAY = b"say:"
_LETTER_S = 0.06


def seconds(*sentences: str) -> float:
    """How long it takes to say them."""
    return sum(len(sentence) for sentence in sentences) * _LETTER_S


def _spoken(chunk: bytes) -> str | None:
    return chunk[4:].rstrip(b"\0").decode() if chunk.startswith(_SAY) else None


class ReadableSynthesiser:
    """Implements Synthesiser: the sound is the text, as long as it takes to say it."""

    def __init__(self) -> None:
        self.styles: list[Style] = []
        self.languages: list[str] = []

    @asynccontextmanager
    async def speak(self, text: str, language: str, style: Style = PLAIN) -> AsyncIterator[Speech]:
        self.styles.append(style)
        self.languages.append(language)
        length = round(seconds(text) * 16_000) * 2
        yield Speech(16_000, _once((_SAY + text.encode()).ljust(length, b"\0")))


def now_s() -> float:
    return asyncio.get_running_loop().time()


async def until(condition: Callable[[], bool], within_s: float = 600.0) -> None:
    """Wait until `condition` holds; time is virtual, so to look again and again costs none."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 (there is no event for what tests wait for)
            await asyncio.sleep(BLOCK_S)


async def _once(pcm: bytes) -> AsyncIterator[bytes]:
    yield pcm
