"""A voice loop with hand-written parts around it, on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TypeVar

from pichat.bus import Bus
from pichat.config.types import Voice
from pichat.errors import PiChatError
from pichat.events import (
    AnswerHeard,
    Event,
    Transcript,
    TurnEvent,
    TurnFinished,
    TurnText,
    Utterance,
    VoiceChanged,
    VoiceHeard,
    WakeScored,
)
from pichat.health import Health
from pichat.turn.floor import Floor
from pichat.turn.heard import Heard
from pichat.turn.listener import Listener, OpenRecogniser
from pichat.turn.persona import Persona
from pichat.turn.reply import Replier
from pichat.turn.rules import Rules
from pichat.turn.station import Common, Station
from pichat.turn.voice import Listeners, VoiceLoop
from tests.support.inline import InlineEars
from tests.turn.devices import (
    KeptSpeaker,
    ReadableSynthesiser,
    ScriptedMicrophone,
    now_s,
    until,
)
from tests.turn.script import (
    COMMANDS,
    ScriptedRecogniser,
    scripted_engines,
    scripted_listener,
    sound,
)

E = TypeVar("E")


class ScriptedTurns:
    """Implements Turns: answers each utterance with `pieces`, or raises `failure`. `hold` cleared:
    it thinks for ever."""

    def __init__(self, *pieces: str) -> None:
        self.pieces = pieces
        self.failure: Exception | None = None
        self.broken: Exception | None = None  # it cannot even tell what is a command
        self.asked: list[Utterance] = []
        self.cancelled = 0
        self.hold = asyncio.Event()
        self.hold.set()

    async def run(self, utterance: Utterance) -> AsyncIterator[TurnEvent]:
        self.asked.append(utterance)
        if self.failure is not None:
            raise self.failure
        try:
            await self.hold.wait()
            for piece in self.pieces:
                yield TurnText(turn_id=utterance.turn_id, text=piece)
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

    async def command_in(self, utterance: Utterance) -> str | None:
        if self.broken is not None:
            raise self.broken
        return next((text for text in utterance.candidates if text in COMMANDS), None)


class ScriptedTranscriber:
    """Implements Transcriber. `failure` instead of `text`; `hold` cleared: it takes for ever."""

    def __init__(self, text: str = "", failure: Exception | None = None) -> None:
        self.text = text
        self.failure = failure
        self.heard: list[bytes] = []
        self.hold = asyncio.Event()
        self.hold.set()

    async def transcribe(self, pcm: bytes, language: str) -> str:
        self.heard.append(pcm)
        await self.hold.wait()
        if self.failure is not None:
            raise self.failure
        return self.text


class WitnessBus(Bus):
    """Remembers everything, and when it was."""

    def __init__(self) -> None:
        super().__init__()
        self.witnessed: list[tuple[float, Event]] = []

    def publish(self, event: Event) -> None:
        self.witnessed.append((now_s(), event))
        super().publish(event)


ANSWER = ("Turned on. ", "The light is bright.")
QUIET = Voice(feedback_sound=False)


class Screen:
    """A screen that is listened to."""

    def __init__(self, station: Station, microphone: ScriptedMicrophone, speaker: KeptSpeaker):
        self.station = station
        self.say = microphone.say
        self.speaker = speaker


class Kitchen:
    """A voice loop with its parts, and what it published."""

    def __init__(
        self,
        *,
        microphone: bool = True,
        speaker: bool = True,
        listener: Callable[[Rules], Listener] = scripted_listener,
        config: Voice = QUIET,
        barge_in: bool = True,
        transcriber: ScriptedTranscriber | None = None,
        personas: Mapping[str, Persona] | None = None,
        recogniser: OpenRecogniser | None = ScriptedRecogniser,
    ) -> None:
        self.bus = WitnessBus()
        self.health = Health(self.bus)
        self.microphone = ScriptedMicrophone(self.health, present=microphone)
        self.speaker = KeptSpeaker(self.health, present=speaker)
        self.synthesiser = ReadableSynthesiser()
        self.turns = ScriptedTurns(*ANSWER)
        self.kept: list[tuple[str, Heard]] = []
        self.remembered: list[bool] = []
        self.disk: PiChatError | None = None
        self._recogniser = recogniser
        rules = Rules.of(config, barge_in=barge_in, understands_anything=transcriber is not None)

        def screen(wake_word: bool, cancels_echo: bool) -> Listener:
            return Listener(rules, scripted_engines(wake_words=wake_word))

        self.loop = VoiceLoop(
            Common(
                config=config,
                replier=Replier(self.turns, transcriber, self.bus, "en"),
                synthesiser=self.synthesiser,
                bus=self.bus,
                health=self.health,
                floor=Floor(),
                keep=lambda turn_id, event: self.kept.append((turn_id, event)),
                called=lambda word: (personas or {}).get(word, Persona()),
                ears=InlineEars,
            ),
            Listeners(local=lambda: listener(rules), screen=screen),
            self.microphone,
            self.speaker,
            remember_muted=self._remember,
        )

    async def _remember(self, muted: bool) -> None:
        if self.disk is not None:
            raise self.disk
        self.remembered.append(muted)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Kitchen]:
        running = asyncio.create_task(self.loop.run())
        try:
            if self._recogniser is not None:
                self.loop.set_recogniser(self._recogniser)
                await self.until(lambda: self.health.parts().get("microphone") is not None)
            yield self
            assert not running.done()
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    @asynccontextmanager
    async def screen(
        self, name: str = "phone", *, wake_word: bool = True, area: str | None = None
    ) -> AsyncIterator[Screen]:
        speaker, microphone = KeptSpeaker(), ScriptedMicrophone()
        async with self.loop.screen(
            name, speaker, area=area, wake_word=wake_word, cancels_echo=True
        ) as station:
            feeding = asyncio.create_task(microphone.serve(station.put))
            try:
                yield Screen(station, microphone, speaker)
            finally:
                feeding.cancel()
                await asyncio.gather(feeding, return_exceptions=True)

    async def say(self, script: str) -> None:
        await self.microphone.say(script)

    async def becomes(self, state: str) -> VoiceChanged:
        """Wait until the local station's state is `state`."""
        await self.until(lambda: self.loop.state.state == state)
        return self.loop.state

    async def until(self, condition: Callable[[], bool], within_s: float = 60.0) -> None:
        """Wait until `condition` holds."""
        await until(condition, within_s)

    def seen(self, kind: type[E]) -> list[E]:
        return [event for _, event in self.bus.witnessed if isinstance(event, kind)]

    def states(self, station: str = "local") -> list[str]:
        return [each.state for each in self.seen(VoiceChanged) if each.station == station]

    def milestones(self, station: str = "local") -> list[str]:
        return [each.what for each in self.seen(VoiceHeard) if each.station == station]

    def details(self, station: str = "local") -> list[tuple[str, str]]:
        return [
            (each.what, each.detail) for each in self.seen(VoiceHeard) if each.station == station
        ]

    def at_s(self, what: str) -> float:
        """When the last milestone of that name was."""
        return next(e.at_s for e in reversed(self.seen(VoiceHeard)) if e.what == what)

    @property
    def transcripts(self) -> list[tuple[str, bool]]:
        return [(each.text, each.final) for each in self.seen(Transcript)]

    @property
    def answers(self) -> list[tuple[str, bool]]:
        """What of the answers was heard, and whether that was all."""
        return [(each.text, each.whole) for each in self.seen(AnswerHeard)]

    @property
    def scored(self) -> list[WakeScored]:
        return self.seen(WakeScored)


async def frames(script: str) -> AsyncIterator[bytes]:
    """A recording."""
    for block in sound(script):
        yield block
