"""Builds, starts and stops everything: the map of the daemon."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence, Set
from functools import partial
from pathlib import Path
from typing import Self

from msgspec import structs

from pichat.audio.microphone import Microphone
from pichat.audio.portaudio import PortAudio
from pichat.audio.speaker import Speaker
from pichat.bus import Bus
from pichat.config.types import Config, Voice
from pichat.events import Device, PartHealth
from pichat.gateway.server import Gateway
from pichat.gateway.services import Services
from pichat.health import Health, keep_serving
from pichat.intents.understand import Intents
from pichat.intents.vocabulary import prepare
from pichat.simulator.house import load_house
from pichat.simulator.process import SimulatorProcess
from pichat.state import lock_state
from pichat.steps import Steps
from pichat.store.audit import open_audit
from pichat.store.db import Database, open_database
from pichat.store.devices import DeviceNames
from pichat.stt.base import Recogniser, open_recogniser
from pichat.tools import load_tools
from pichat.tools.base import Toolbox
from pichat.tts.registry import choose, missing
from pichat.turn.listener import Listener
from pichat.turn.machine import Rules
from pichat.turn.recognition import PART as RECOGNITION
from pichat.turn.recognition import Recognition, follow_names
from pichat.turn.silent import SilentVoice
from pichat.turn.turns import Turns
from pichat.turn.voice import VoiceLoop
from pichat.vad.base import load_voice_activity
from pichat.wake.base import load_wake_word
from pichat.zigbee.hub import Hub

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
        hub = self._start_house(steps, database)
        intents = Intents(config.language, hub.devices)
        toolbox = Toolbox(hub, audit, load_tools())
        turns = Turns(intents, toolbox, self._bus)
        voice = await self._voice(steps, turns)
        services = Services(
            turns=turns,
            tools=toolbox,
            house=hub,
            voice=voice,
            bus=self._bus,
            health=self._health,
        )
        gateway = await steps.start("gateway", Gateway(config.server, services))
        self.url = gateway.url
        lock.announce(gateway.url)
        self._start_voice(voice, intents, hub)

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

    async def _voice(self, steps: Steps, turns: Turns) -> VoiceLoop | SilentVoice:
        config = self._config.voice
        if not config.enabled:
            return SilentVoice()
        if reason := missing(config.tts, None):
            self._health.set("speech", "degraded", reason)
        portaudio = await steps.start("portaudio", PortAudio())
        return VoiceLoop(
            config,
            listener=partial(_listener, config),
            microphone=Microphone(config.microphone, portaudio, self._health),
            speaker=Speaker(config.speaker, portaudio, self._health),
            synthesiser=choose(config.tts, None),
            turns=turns,
            bus=self._bus,
            health=self._health,
            language=self._config.language,
        )

    def _start_voice(self, voice: VoiceLoop | SilentVoice, intents: Intents, hub: Hub) -> None:
        self._steps.run("intents", follow_names(intents, hub.devices, self._bus))
        if isinstance(voice, SilentVoice):
            return
        recognition = Recognition(
            hub.devices, self._recogniser, voice.set_recogniser, self._bus, self._health
        )
        # The names are known once the radio was tried: learning them before would be for nothing.
        self._run_part(RECOGNITION, recognition.serve, needs={"zigbee"})
        self._steps.run("voice", voice.run())
        self._awaited |= {"voice", "speaker", "microphone"}

    async def _recogniser(self, devices: Sequence[Device]) -> Recogniser:
        cache = self._state_dir / "vocabulary"
        files = await prepare(self._config.language, devices, cache)
        return await asyncio.to_thread(open_recogniser, self._config.voice.stt, files)

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


def _listener(config: Voice) -> Listener:
    return Listener(
        Rules.of(config),
        load_wake_word("openwakeword", "hey_jarvis"),
        load_voice_activity("silero"),
    )
