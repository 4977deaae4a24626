"""Hand-written parts around a voice loop: what is said is scripted, nothing takes time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import numpy as np

from pichat.audio.base import Frame, SoundSink
from pichat.audio.pcm import BLOCK_SAMPLES
from pichat.bus import Bus
from pichat.config.types import Voice
from pichat.errors import UnavailableError
from pichat.events import (
    Transcript,
    TurnEvent,
    TurnFinished,
    TurnText,
    Utterance,
    VoiceChanged,
    VoiceHeard,
)
from pichat.health import Health
from pichat.tts.base import Speech
from pichat.turn.listener import Listener
from pichat.turn.machine import Rules
from pichat.turn.voice import VoiceLoop

_WAKE, _TALK = 1000, 2000  # a block's first sample says what it is


def sound(script: str) -> list[bytes]:
    """Blocks of 0.1 s for each letter: w the wake word, s speech, . silence."""
    level = {"w": _WAKE, "s": _TALK, ".": 0}
    block = np.ones(BLOCK_SAMPLES, np.int16)
    return [
        (block * level[letter]).astype(np.int16).tobytes() for letter in script for _ in "12345"
    ]


def _level(pcm: bytes) -> int:
    return int(np.frombuffer(pcm[:2], np.int16)[0])


class ScriptedWakeWord:
    def process(self, pcm: bytes) -> float:
        return 0.9 if _level(pcm) == _WAKE else 0.0

    def close(self) -> None:
        pass


class ScriptedVoiceActivity:
    def process(self, pcm: bytes) -> float | None:
        return 0.9 if _level(pcm) == _TALK else 0.0

    def reset(self) -> None:
        pass


def scripted_listener() -> Listener:
    return Listener(Rules(), ScriptedWakeWord(), ScriptedVoiceActivity())


class ScriptedMicrophone:
    """Implements SoundSource: `say` speaks into it, `lose` pulls it out."""

    def __init__(self, health: Health, *, present: bool = True) -> None:
        self._health = health
        self._deliver: Callable[[Frame], None] | None = None
        self._lost = asyncio.Event()
        self.present = present

    async def serve(self, deliver: Callable[[Frame], None]) -> None:
        if not self.present:
            raise UnavailableError("No microphone is connected.")
        self._deliver = deliver
        self._health.set("microphone", "ok")
        await self._lost.wait()
        self._lost.clear()
        raise UnavailableError("The microphone was lost.")

    def say(self, script: str) -> None:
        assert self._deliver is not None
        for block in sound(script):
            self._deliver(Frame(block, time.monotonic()))

    def lose(self) -> None:
        self._lost.set()


class KeptPlayback:
    def __init__(self, speaker: KeptSpeaker, on_first: Callable[[float], None] | None) -> None:
        self._speaker = speaker
        self._on_first = on_first
        self._stops = speaker.stops

    async def write(self, chunks: AsyncIterator[bytes], sample_rate_hz: int) -> bool:
        async for chunk in chunks:
            if self._on_first is not None:
                self._on_first(time.monotonic())
                self._on_first = None
            self._speaker.played.append(chunk)
        return self._stops == self._speaker.stops

    async def finish(self) -> bool:
        while self._stops == self._speaker.stops and not self._speaker.quick.is_set():
            self._speaker.changed.clear()
            await self._speaker.changed.wait()
        return self._stops == self._speaker.stops


class KeptSpeaker:
    """Implements SoundSink. While `quick` is cleared, sound takes until it is stopped."""

    def __init__(self, health: Health, *, present: bool = True) -> None:
        self._health = health
        self.present = present
        self.played: list[bytes] = []
        self.stops = 0
        self.changed = asyncio.Event()
        self.quick = asyncio.Event()
        self.quick.set()

    async def serve(self) -> None:
        if not self.present:
            raise UnavailableError("No speaker is connected.")
        self._health.set("speaker", "ok")
        await asyncio.Event().wait()

    def begin(self, on_first: Callable[[float], None] | None = None) -> KeptPlayback:
        if not self.present:
            raise UnavailableError("There is no speaker to answer through.")
        return KeptPlayback(self, on_first)

    def stop(self) -> None:
        self.stops += 1
        self.changed.set()

    @property
    def said(self) -> list[str]:
        """The spoken sentences, without feedback sounds."""
        return [chunk[4:].decode() for chunk in self.played if chunk.startswith(b"say:")]

    @property
    def chimes(self) -> int:
        return sum(not chunk.startswith(b"say:") for chunk in self.played)


class ReadableSynthesiser:
    """Implements Synthesiser: the sound is the text."""

    @asynccontextmanager
    async def speak(self, text: str, language: str) -> AsyncIterator[Speech]:
        yield Speech(16_000, _once(b"say:" + text.encode()))


class ScriptedTurns:
    """Implements Turns: answers each utterance with `pieces`, or raises `failure`."""

    def __init__(self, *pieces: str) -> None:
        self.pieces = pieces
        self.failure: Exception | None = None
        self.asked: list[Utterance] = []
        self.cancelled = 0
        self.hold = asyncio.Event()
        self.hold.set()

    async def run(self, utterance: Utterance) -> AsyncIterator[TurnEvent]:
        self.asked.append(utterance)
        if self.failure is not None:
            raise self.failure
        try:
            for piece in self.pieces:
                yield TurnText(turn_id=utterance.turn_id, text=piece)
            await self.hold.wait()
        except (asyncio.CancelledError, GeneratorExit):
            self.cancelled += 1
            raise
        yield TurnFinished(
            turn_id=utterance.turn_id,
            conversation_id=utterance.conversation_id,
            text="".join(self.pieces),
            provider="intents",
            code=None,
            retryable=False,
            timings_ms={},
        )


class Kitchen:
    """A voice loop with its parts, and what it published."""

    def __init__(
        self,
        *,
        microphone: bool = True,
        speaker: bool = True,
        listener: Callable[[], Listener] = scripted_listener,
        config: Voice | None = None,
    ) -> None:
        self.bus = Bus()
        self.health = Health(self.bus)
        self.microphone = ScriptedMicrophone(self.health, present=microphone)
        self.speaker = KeptSpeaker(self.health, present=speaker)
        self.turns = ScriptedTurns("Turned on. ", "The light is bright")
        sink: SoundSink = self.speaker
        self.loop = VoiceLoop(
            config or Voice(feedback_sound=False),  # it masks sound that comes faster than real
            listener=listener,
            microphone=self.microphone,
            speaker=sink,
            synthesiser=ReadableSynthesiser(),
            turns=self.turns,
            bus=self.bus,
            health=self.health,
        )
        self.events: list[VoiceChanged | Transcript | VoiceHeard] = []
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Kitchen]:
        collecting = asyncio.create_task(self._collect())
        await asyncio.sleep(0)
        running = asyncio.create_task(self.loop.run())
        try:
            yield self
        finally:
            running.cancel()
            collecting.cancel()
            await asyncio.gather(running, collecting, return_exceptions=True)

    async def becomes(self, state: str) -> VoiceChanged:
        """Wait until the loop's state is `state`."""
        await self.until(lambda: self.loop.state.state == state)
        return self.loop.state

    async def until(self, condition: Callable[[], bool], within_s: float = 5.0) -> None:
        """Wait until `condition` holds; it is looked at after each published event."""
        async with asyncio.timeout(within_s), self._changed:
            await self._changed.wait_for(condition)

    async def _collect(self) -> None:
        with self.bus.subscribe(VoiceChanged, Transcript, VoiceHeard) as subscription:
            async for event in subscription:
                self.events.append(event)  # type: ignore[arg-type]
                async with self._changed:
                    self._changed.notify_all()

    @property
    def states(self) -> list[str]:
        return [event.state for event in self.events if isinstance(event, VoiceChanged)]

    @property
    def milestones(self) -> list[str]:
        return [event.what for event in self.events if isinstance(event, VoiceHeard)]

    @property
    def transcripts(self) -> list[tuple[str, bool]]:
        return [(e.text, e.final) for e in self.events if isinstance(e, Transcript)]


async def _once(pcm: bytes) -> AsyncIterator[bytes]:
    yield pcm
