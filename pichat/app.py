"""Builds, starts and stops everything: the map of the daemon."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence, Set
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

from msgspec import structs

from pichat.audio.base import EchoCanceller
from pichat.audio.ducking import Ducking
from pichat.audio.echo import WebRtcEchoCanceller
from pichat.audio.echo_path import EchoPath
from pichat.audio.microphone import Microphone
from pichat.audio.portaudio import PortAudio
from pichat.audio.speaker import Speaker
from pichat.bus import Bus
from pichat.config.types import Config, Profile, Style, Voice
from pichat.controls.controls import Controls
from pichat.errors import UnavailableError
from pichat.events import Device, PartHealth
from pichat.gateway.server import Gateway
from pichat.gateway.services import Services
from pichat.health import Health, keep_serving
from pichat.intents.understand import Intents
from pichat.intents.vocabulary import prepare
from pichat.models.shelf import resolve
from pichat.simulator.house import load_house
from pichat.simulator.process import SimulatorProcess
from pichat.state import lock_state
from pichat.steps import Steps
from pichat.store.audit import open_audit
from pichat.store.conversations import open_conversations
from pichat.store.db import Database, open_database
from pichat.store.devices import DeviceNames
from pichat.store.settings import Settings
from pichat.stt.apart import Apart, PhrasesApart
from pichat.stt.nothing import Nothing
from pichat.stt.transcriber import Transcriber
from pichat.stt.whisper import Whisper
from pichat.tools import load_tools
from pichat.tools.base import Toolbox
from pichat.tts.base import Synthesiser
from pichat.tts.registry import choose, missing
from pichat.turn.clips import Clips
from pichat.turn.floor import Floor
from pichat.turn.keeping import Keeping
from pichat.turn.kept import KeptSound
from pichat.turn.listener import Engines, Listener, OpenRecogniser
from pichat.turn.profiles import Profiles
from pichat.turn.quiet import keep_quiet
from pichat.turn.recognition import PART as RECOGNITION
from pichat.turn.recognition import Recognition, follow_names
from pichat.turn.reply import Replier
from pichat.turn.rules import Rules
from pichat.turn.runs import Runs
from pichat.turn.silent import SilentVoice
from pichat.turn.station import Common
from pichat.turn.turns import Turns
from pichat.turn.voice import Listeners, VoiceLoop
from pichat.vad.base import load_voice_activity
from pichat.wake.base import load_wake_words
from pichat.zigbee.hub import Hub

STOP_PHRASES = ("stop", "never mind", "be quiet", "cancel")
_STOP_DEADLINE_S = 4.0
_READY_DEADLINE_S = 20.0


class Daemon:
    """Started when the context is entered, and stopped in the exact reverse when it is left.

    `failed` resolves when an essential task has ended, after which the process should end too.
    Raises StartError or ConfigError when it cannot start.
    """

    def __init__(self, config: Config, state_dir: Path) -> None:
        self._config = config
        self._state_dir = state_dir
        self._bus = Bus()
        self._health = Health(self._bus)
        self._steps = Steps(_STOP_DEADLINE_S)
        self._awaited: set[str] = set()
        self._gateway: Gateway | None = None  # it needs the tools, which count its screens
        self.url = ""

    @property
    def failed(self) -> asyncio.Future[str]:
        return self._steps.failed

    async def __aenter__(self) -> Self:
        try:
            await self._start(self._steps)
        except BaseException:
            await self._steps.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._steps.stop()

    async def _start(self, steps: Steps) -> None:
        """Store → radio → turn → gateway → voice, whose microphone comes last."""
        config = self._config
        lock = steps.hold(lock_state(self._state_dir))
        database = await steps.start("store", open_database(self._state_dir / "pichat.db"))
        audit = await steps.start("audit", open_audit(database))
        conversations = await steps.start(
            "conversations", open_conversations(database, self._health)
        )
        profiles = await Profiles.load(config, database, self._bus)
        hub = self._start_house(steps, database)
        intents = Intents(config.language, hub.devices)
        toolbox = Toolbox(
            hub,
            audit,
            load_tools(),
            self._bus,
            language=config.language,
            screens=lambda: self._gateway.screens() if self._gateway else 0,
        )
        turns = Turns(intents, toolbox, self._bus)
        runs = Runs(self._bus, keeps_audio="runs" in config.voice.keep_audio)
        steps.run("runs", runs.serve())
        speech = await self._start_speech(steps, turns)
        voice = await self._voice(steps, speech, intents, runs, Settings(database))
        services = Services(
            turns=turns,
            tools=toolbox,
            house=hub,
            voice=voice,
            clips=speech.clips,
            runs=runs,
            profiles=profiles,
            conversations=conversations,
            bus=self._bus,
            health=self._health,
        )
        gateway = await steps.start("gateway", Gateway(config.server, services))
        self._gateway = gateway
        self.url = gateway.url
        lock.announce(gateway.url)
        self._start_listening(voice, speech, intents, hub)

    def _start_house(self, steps: Steps, database: Database) -> Hub:
        config, simulated = self._config.zigbee, self._config.zigbee.path == "simulated"
        names: dict[str, tuple[str, str | None]] = {}
        if simulated:
            house = load_house(self._config.simulator.house)
            names = {device.ieee: (device.name, device.area) for device in house.devices}
            simulator = self._simulator()
            config = structs.replace(config, path=simulator.path)
            ready = partial(self._health.set, "simulator", "ok")
            self._run_part("simulator", partial(simulator.serve, ready))
        hub = Hub(
            config,
            self._state_dir / "zigbee.db",
            DeviceNames(database),
            self._bus,
            self._health,
            names,
            pair_at_first_start=simulated,
        )
        needs: Set[str] = {"simulator"} if simulated else set()
        steps.run("zigbee", self._after(needs, hub.run))
        self._awaited.add("zigbee")
        return hub

    def _simulator(self) -> SimulatorProcess:
        config = self._config.simulator
        return SimulatorProcess(
            control=self._state_dir / "simulator.sock",
            house=config.house,
            state=self._state_dir / "simulator.json",
            radio_delay_ms=config.radio_delay_ms,
            loss=config.loss,
            ezsp_version=config.ezsp_version,
        )

    async def _start_speech(self, steps: Steps, turns: Turns) -> Speech:
        """What makes text of speech and speech of text, with or without a voice loop."""
        config, language = self._config.voice, self._config.language
        transcriber: Transcriber | None = None
        if config.whisper_model is not None:
            folder = resolve(config.whisper_model, "whisper", self._state_dir)
            whisper = Whisper(folder, self._health, idle_s=config.whisper_idle_s)
            transcriber = await steps.start("whisper", whisper)
        synthesiser = self._synthesiser(steps)
        return Speech(
            synthesiser=synthesiser,
            transcriber=transcriber,
            replier=Replier(turns, transcriber, self._bus, language),
            clips=Clips(turns, synthesiser, transcriber, language),
        )

    def _synthesiser(self, steps: Steps) -> Synthesiser:
        engine = self._config.voice.tts
        styles = [style for _, style in self._profiles().values()]
        lacks = filter(None, (missing(engine, style.piper_voice) for style in styles))
        reason = next(lacks, None)
        self._health.set("speech", "degraded" if reason else "ok", reason)
        synthesiser = choose(engine, self._health)
        if self._config.voice.enabled:
            steps.run("voice ready", synthesiser.serve(self._config.language, styles[0]))
        return synthesiser

    def _profiles(self) -> dict[str, tuple[str, Style]]:
        """Each wake word's profile, and how it sounds; "" stands for a button."""
        words = {"": "default"} | {each.word: each.profile for each in self._config.voice.words}
        return {word: (profile, self._style(profile)) for word, profile in words.items()}

    def _style(self, profile: str) -> Style:
        style = self._config.profiles.get(profile, Profile()).style
        if style.piper_voice is None:
            return style
        voice = resolve(style.piper_voice, "piper-voice", self._state_dir)
        return structs.replace(style, piper_voice=voice)

    async def _voice(
        self, steps: Steps, speech: Speech, intents: Intents, runs: Runs, settings: Settings
    ) -> VoiceLoop | SilentVoice:
        config = self._config.voice
        if not config.enabled:
            return SilentVoice()
        portaudio = await steps.start("portaudio", PortAudio(config.sound_system))
        echo = EchoPath(WebRtcEchoCanceller)
        common = Common(
            config=config,
            replier=speech.replier,
            synthesiser=speech.synthesiser,
            bus=self._bus,
            health=self._health,
            floor=Floor(),
            keep=self._keeping(steps, runs),
            profiles=self._profiles(),
            language=self._config.language,
        )
        listener = partial(
            _listener, config, intents, understands_anything=speech.transcriber is not None
        )
        local = partial(listener, echo.build if config.echo_cancellation else None, by_word=True)

        def screen(by_word: bool, cancels_echo: bool) -> Listener:
            return listener(None, by_word=by_word, cancels_echo=cancels_echo)

        return VoiceLoop(
            common,
            Listeners(local=local, screen=screen),
            Microphone(
                config.microphone,
                portaudio,
                self._health,
                zeros_are_deaf=config.zeros_are_deaf,
            ),
            Speaker(config.speaker, portaudio, self._health, played=echo.played),
            muted=await settings.muted(),
            remember_muted=settings.save_muted,
        )

    def _keeping(self, steps: Steps, runs: Runs) -> Keeping:
        kept = self._config.voice.keep_audio
        wakes = None
        if "wakes" in kept:
            wakes = KeptSound(self._state_dir / "wakes")
            steps.run("kept sound", wakes.serve())
        return Keeping(runs if "runs" in kept else None, wakes)

    def _start_listening(
        self, voice: VoiceLoop | SilentVoice, speech: Speech, intents: Intents, hub: Hub
    ) -> None:
        self._steps.run("intents", follow_names(intents, hub.devices, self._bus))
        if isinstance(voice, SilentVoice):
            return

        def use(open_recogniser: OpenRecogniser) -> None:
            voice.set_recogniser(open_recogniser)
            speech.clips.set_recogniser(open_recogniser)

        prepare = partial(self._recogniser, speech)
        recognition = Recognition(hub.devices, prepare, use, self._bus, self._health)
        # The names are known once the radio was tried: learning them before would be for nothing.
        self._run_part(RECOGNITION, recognition.serve, needs={"zigbee"})
        controls = Controls(self._config.controls, self._bus, self._health, voice)
        self._steps.run("controls", controls.serve())
        ducking = Ducking(self._config.voice.duck_to, memory=self._state_dir / "ducked.json")
        self._steps.run("ducking", ducking.serve())
        self._steps.run("quiet", keep_quiet(ducking, self._bus))
        self._steps.run("voice", voice.run())
        self._awaited |= {"voice", "speaker", "microphone"}

    async def _recogniser(self, speech: Speech, devices: Sequence[Device]) -> OpenRecogniser:
        """What opens a recogniser for the names of now; it was opened once, to be sure."""
        cache = self._state_dir / "vocabulary"
        try:
            files = await prepare(self._config.language, devices, cache)
        except UnavailableError:
            if speech.transcriber is None:
                raise
            return Nothing  # whatever is said is transcribed, in any language
        opened = partial(Apart, self._config.voice.stt, files)
        (await asyncio.to_thread(opened)).close()
        return opened

    def _run_part(
        self, name: str, serve: Callable[[], Awaitable[None]], needs: Set[str] = frozenset()
    ) -> None:
        """Keep an optional part going, as soon as the parts that it needs were tried."""
        self._awaited.add(name)
        serving = partial(keep_serving, name, serve, self._health)
        self._steps.run(name, self._after(needs, serving))

    async def _after(self, needs: Set[str], work: Callable[[], Awaitable[None]]) -> None:
        await self._settled(needs)
        await work()

    async def ready(self) -> None:
        """Returns when every part works or has said why not, or after the deadline."""
        try:
            async with asyncio.timeout(_READY_DEADLINE_S):
                await self._settled(self._awaited)
        except TimeoutError:
            return

    async def _settled(self, parts: Set[str]) -> None:
        """Returns when each of the parts works or has said why not."""
        with self._bus.subscribe(PartHealth) as changes:
            while parts - self._health.parts().keys():
                await changes.get()

    def problems(self) -> dict[str, str]:
        """The reasons of the parts that are not well."""
        parts = self._health.parts()
        starting = dict.fromkeys(self._awaited - parts.keys(), "It is still starting.")
        return starting | {
            name: part.reason or ""
            for name, part in parts.items()
            if part.status in ("degraded", "failed")
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """The engines of speech that are shared."""

    synthesiser: Synthesiser
    transcriber: Transcriber | None
    replier: Replier
    clips: Clips


def _listener(
    config: Voice,
    intents: Intents,
    build_canceller: Callable[[], EchoCanceller | None] | None,
    *,
    by_word: bool,
    cancels_echo: bool = False,
    understands_anything: bool,
) -> Listener:
    """Runs on a listening thread: engines take their time to load. `cancels_echo`: whoever sends
    the sound does so."""
    words = None
    if by_word:
        words = load_wake_words(config.wake_engine, config.words, config.wake_models)
    canceller = build_canceller() if build_canceller else None
    rules = Rules.of(
        config,
        barge_in=config.barge_in == "speech" and (cancels_echo or canceller is not None),
        understands_anything=understands_anything,
    )
    engines = Engines(
        wake_words=words,
        voice_activity=load_voice_activity("silero"),
        judge=intents.judge,
        stop_phrases=PhrasesApart(STOP_PHRASES),
        canceller=canceller,
    )
    return Listener(rules, engines)
