"""A room in virtual time: people, a television, a house that obeys, and PiChat with its real voice
loop, its real engines and nobody else's clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from msgspec import structs

from pichat.audio.base import EchoCanceller
from pichat.audio.pcm import BLOCK_S, samples
from pichat.bus import Bus
from pichat.config.types import Voice
from pichat.config.types import WakeWord as WantedWord
from pichat.events import (
    LOCAL_STATION,
    AnswerHeard,
    Event,
    PartHealth,
    Source,
    State,
    ToolCall,
    Transcript,
    TurnEvent,
    TurnFinished,
    TurnStarted,
    TurnText,
    Utterance,
    VoiceChanged,
    VoiceHeard,
    WakeScored,
)
from pichat.health import Health
from pichat.store.audit import Audit
from pichat.stt.transcriber import Transcriber
from pichat.tools import load_tools
from pichat.tools.base import Toolbox
from pichat.turn.floor import Floor
from pichat.turn.heard import Heard
from pichat.turn.listener import Engines, Listener
from pichat.turn.persona import Persona
from pichat.turn.reply import Replier
from pichat.turn.rules import Rules
from pichat.turn.station import Common, Station
from pichat.turn.turns import Turns
from pichat.turn.voice import Listeners, VoiceLoop
from pichat.vad.base import load_voice_activity
from tests.intents.house import HOUSE
from tests.support import engines
from tests.support.fake_house import FakeHouse
from tests.support.inline import InlineEars
from tests.support.noises import Bed, Playing
from tests.support.room import Air, Echo, Fault, RoomMicrophone, RoomSpeaker, Wave
from tests.support.turn_parts import new_turns

_RADIO_S = 0.02
_PIECES_S = 0.5  # between the pieces of an answer that is still being written


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Something that happened, and when it could be known. `began_s`: when it happened in the
    sound, where that is something else."""

    at_s: float
    what: str  # state, milestone, heard, partial, answer, house, say, said, sound, health, do
    text: str
    detail: str = ""
    station: str = LOCAL_STATION
    began_s: float | None = None
    value: State | None = None  # of the house


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where another station stands, compared with the local one."""

    area: str | None = None
    gain_db: float = 0.0
    delay_s: float = 0.0
    cancels_echo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a world is made of. `answers`: the text of a command → what PiChat says to it instead,
    a piece each half second. `silent`: devices that do not answer."""

    config: Voice = field(default_factory=Voice)
    echo: Echo | None = None
    beds: tuple[Bed, ...] = ()
    faults: frozenset[Fault] = frozenset()
    speaker: bool = True
    stations: Mapping[str, Place] = field(default_factory=dict)
    answers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()
    transcriber: Transcriber | None = None


class RecordingBus(Bus):
    """Tells a witness of every event before anybody else."""

    def __init__(self, witness: Callable[[Event], None]) -> None:
        super().__init__()
        self._witness = witness

    def publish(self, event: Event) -> None:
        """See Bus."""
        self._witness(event)
        super().publish(event)


class World:
    """`async with World(setting).running() as world`. `moments` is what happened in the
    context, in order."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.moments: list[Moment] = []
        self.broken: list[str] = []
        self._over = False
        self.kept: list[tuple[str, Heard]] = []
        self.bus = RecordingBus(self._witness)
        self.health = Health(self.bus)
        self.house = VirtualHouse(self)
        self.house.silent |= setting.silent
        self._shared = engines.shared_intents()
        self._shared.devices = self.house.devices
        self.air = Air()
        self.microphone = RoomMicrophone(self.air, self.health, setting.faults)
        self.speaker = RoomSpeaker(self.health, self.air, setting.echo)
        self.speaker.present = setting.speaker
        self.speaker.changed = self._speaker_changed
        self.loop = self._voice_loop()
        self.stations: dict[str, Station] = {}
        self._others: dict[str, tuple[Place, RoomMicrophone, RoomSpeaker]] = {}
        self._beds = [Playing(bed) for bed in setting.beds]
        self._changed = asyncio.Event()

    # --- what one may do in it -----------------------------------------------------------------

    @asynccontextmanager
    async def running(self) -> AsyncIterator[World]:
        """Time goes on for as long as the context lasts; it begins when PiChat listens."""
        asyncio.get_running_loop().set_exception_handler(self._broke)
        async with AsyncExitStack() as stack:
            tasks = [asyncio.create_task(self.loop.run()), asyncio.create_task(self._tick())]
            stack.push_async_callback(_end, tasks)
            self.loop.set_recogniser(engines.new_recogniser)
            await self.until(lambda: self.loop.state.state != "deaf")
            for name, place in self.setting.stations.items():
                self.stations[name] = await stack.enter_async_context(self._station(name, place))
            self.moments.clear()
            yield self
            self._over = True

    def say(self, wave: Wave, label: str) -> float:
        """Sound into the room from now on; the time at which it ends."""
        now_s = self.now_s
        first_s = min(place.delay_s for place, _ in self._airs())
        for place, air in self._airs():
            at = air.now + samples(place.delay_s - first_s)
            air.add(wave * 10 ** (place.gain_db / 20), at)
        self.note("say", label)
        end_s = now_s + len(wave) / samples(1)
        asyncio.get_running_loop().call_at(end_s, self.note, "said", label)
        return end_s

    def note(
        self,
        what: str,
        text: str,
        detail: str = "",
        *,
        station: str = LOCAL_STATION,
        value: State | None = None,
    ) -> None:
        """Write it down, now."""
        now_s = self.now_s
        self._add(
            Moment(at_s=now_s, what=what, text=text, detail=detail, station=station, value=value)
        )

    async def until(self, condition: Callable[[], bool], within_s: float = 30.0) -> None:
        """Return when it holds; it is looked at whenever something happened."""
        async with asyncio.timeout(within_s):
            while not condition():
                await self._changed.wait()

    def states(self) -> set[str]:
        """Those of all the stations."""
        return {self.loop.state.state, *(each.state.state for each in self.stations.values())}

    @property
    def now_s(self) -> float:
        return asyncio.get_running_loop().time()

    def state_of(self, device_name: str, capability: str) -> State | None:
        """What the house holds now."""
        found = next(d for d in self.house.devices() if d.name.lower() == device_name.lower())
        return found.state.get(capability)

    # --- what happens --------------------------------------------------------------------------

    def _witness(self, event: Event) -> None:
        match event:
            case VoiceChanged(state=state, reason=reason, station=station):
                self.note("state", state, reason or "", station=station)
            case VoiceHeard():
                self._add(
                    Moment(
                        at_s=self.now_s,
                        what="milestone",
                        text=event.what,
                        detail=event.detail,
                        station=event.station,
                        began_s=event.at_s,
                    )
                )
            case Transcript(text=text, final=final):
                self.note("heard" if final else "partial", text)
            case AnswerHeard(text=text, whole=whole):
                self.note("answer", text, "" if whole else "cut")
            case WakeScored(near_miss=str(word), station=station):
                self.note("near miss", word, station=station)
            case PartHealth(part=part, status=status, reason=reason):
                self.note("health", f"{part} {status}", reason or "")

    def _broke(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A task ended with an error that nobody looked at."""
        error = context.get("exception")
        self.broken.append(f"{context.get('message')}: {type(error).__name__}: {error}")

    def _speaker_changed(self, sounding: bool) -> None:
        self.note("sound", "begins" if sounding else "ends")

    def _add(self, moment: Moment) -> None:
        if not self._over:
            self.moments.append(moment)
        self._changed.set()
        self._changed = asyncio.Event()

    # --- how it is built -----------------------------------------------------------------------

    def _voice_loop(self) -> VoiceLoop:
        config = self.setting.config
        turns = AnsweringTurns(
            new_turns(
                self._shared.intents,
                self.house,
                Toolbox(self.house, ForgetfulAudit(), load_tools()),
                self.bus,
            ),
            self.setting.answers,
        )
        common = Common(
            config=config,
            replier=Replier(turns, self.setting.transcriber, self.bus, "en"),
            synthesiser=engines.RenderedSynthesiser(),
            bus=self.bus,
            health=self.health,
            floor=Floor(),
            keep=self._keep,
            called=lambda _: Persona(),
            ears=InlineEars,
        )
        listeners = Listeners(local=self._local_listener, screen=self._screen_listener)
        return VoiceLoop(
            common,
            listeners,
            self.microphone,
            self.speaker,
            remember_muted=self._remember_muted,
        )

    async def _remember_muted(self, muted: bool) -> None:
        self.note("do", f"remember muted {muted}")

    def _keep(self, turn_id: str, event: Heard) -> None:
        self.kept.append((turn_id, event))
        del self.kept[:-20]

    def _local_listener(self) -> Listener:
        canceller = None
        if self.setting.config.echo_cancellation and self.setting.echo is not None:
            canceller = engines.new_canceller()
        self.speaker.listeners = [canceller.played] if canceller is not None else []
        return self._listener(canceller, barge_in=canceller is not None, wake_word=True)

    def _screen_listener(self, wake_word: bool, cancels_echo: bool) -> Listener:
        return self._listener(None, barge_in=cancels_echo, wake_word=wake_word)

    def _listener(
        self, canceller: EchoCanceller | None, *, barge_in: bool, wake_word: bool
    ) -> Listener:
        config = self.setting.config
        rules = Rules.of(
            config,
            barge_in=barge_in and config.barge_in == "speech",
            understands_anything=self.setting.transcriber is not None,
        )
        return Listener(
            rules,
            Engines(
                wake_words=engines.new_wake_words(config) if wake_word else None,
                voice_activity=load_voice_activity("silero"),
                judge=self._shared.intents.judge,
                stop_phrases=engines.new_stop_phrases(),
                canceller=canceller,
            ),
        )

    @asynccontextmanager
    async def _station(self, name: str, place: Place) -> AsyncIterator[Station]:
        air = Air()
        air.now = self.air.now
        speaker = RoomSpeaker(None, None, None)
        speaker.changed = lambda sounding: self.note(
            "sound", "begins" if sounding else "ends", station=name
        )
        microphone = RoomMicrophone(air, Health(Bus()))
        async with self.loop.screen(
            name, speaker, area=place.area, wake_word=True, cancels_echo=place.cancels_echo
        ) as station:
            serving = asyncio.create_task(microphone.serve(station.put))
            self._others[name] = (place, microphone, speaker)
            try:
                yield station
            finally:
                del self._others[name]
                await _end([serving])

    def _airs(self) -> Iterator[tuple[Place, Air]]:
        yield Place(), self.air
        for place, microphone, _ in self._others.values():
            yield place, microphone.air

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        next_s = loop.time()
        while True:
            next_s += BLOCK_S
            await asyncio.sleep(next_s - loop.time())
            now_s = loop.time()
            self._make_noise()
            self.speaker.tick(now_s)
            self.microphone.tick(now_s)
            for _, microphone, speaker in tuple(self._others.values()):
                speaker.tick(now_s)
                microphone.tick(now_s)

    def _make_noise(self) -> None:
        airs = [(air, 10 ** (place.gain_db / 20)) for place, air in self._airs()]
        for bed in self._beds:
            bed.play(airs, self.now_s)


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _words(config: Voice) -> list[str]:
    return [word.word if isinstance(word, WantedWord) else word for word in config.wake_words]


class VirtualHouse(FakeHouse):
    """The default house behind a radio that takes its time."""

    def __init__(self, world: World) -> None:
        super().__init__(*HOUSE)
        self._world = world

    async def set(
        self,
        device_id: str,
        capability: str,
        value: State,
        *,
        transition_s: float | None = None,
    ) -> State:
        """See House."""
        await asyncio.sleep(_RADIO_S)
        state = await super().set(device_id, capability, value, transition_s=transition_s)
        name = next(device.name for device in self.devices() if device.id == device_id)
        self._world.note("house", name, capability, value=value)
        return state


class ForgetfulAudit(Audit):
    """Keeps no lines: there is no disk in this world."""

    def admit(self) -> None:
        """See Audit."""

    def add(
        self,
        turn_id: str,
        source: Source,
        call: ToolCall,
        outcome: str,
        confirmed_by: Source | None = None,
    ) -> None:
        """See Audit."""


class AnsweringTurns:
    """Real turns, of which some are answered with other words."""

    def __init__(self, turns: Turns, answers: Mapping[str, tuple[str, ...]]) -> None:
        self._turns = turns
        self._answers = answers

    async def command_in(self, utterance: Utterance) -> str | None:
        """See reply.Turns."""
        return await self._turns.command_in(utterance)

    async def run(self, utterance: Utterance) -> AsyncIterator[TurnEvent]:
        """See reply.Turns."""
        pieces: tuple[str, ...] = ()
        async with aclosing(self._turns.run(utterance)) as events:
            async for event in events:
                if isinstance(event, TurnStarted):
                    pieces = self._answers.get(event.text, ())
                if not pieces or not isinstance(event, TurnText | TurnFinished):
                    yield event
                elif isinstance(event, TurnText):
                    for number, piece in enumerate(pieces):
                        await asyncio.sleep(_PIECES_S if number else 0.0)
                        yield TurnText(turn_id=event.turn_id, text=piece)
                else:
                    yield structs.replace(event, text="".join(pieces))
