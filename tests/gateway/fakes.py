"""Hand-written parts behind a real gateway: a house that confirms at once, scripted turns, a voice
loop that only listens. The toolbox and the bus are the real ones."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec import structs

from pichat.audio.base import SoundSink
from pichat.bus import Bus
from pichat.config.types import Config, Server, Style
from pichat.errors import NotFoundError, NotUnderstoodError, UnavailableError
from pichat.events import (
    Capability,
    Device,
    DeviceAdded,
    DeviceChanged,
    Image,
    Kind,
    Source,
    State,
    ToolCall,
    TurnEvent,
    TurnFinished,
    TurnStarted,
    TurnText,
    TurnTool,
    Utterance,
    VoiceChanged,
)
from pichat.gateway.door.caller import HOUSE, Scope
from pichat.gateway.door.door import PATIENCE_S, Door
from pichat.gateway.door.tokens import open_tokens
from pichat.gateway.screens import Screens
from pichat.gateway.server import HEADER_TIMEOUT_S, UNREAD_PATIENCE_S, Gateway
from pichat.gateway.services import Services
from pichat.gateway.services.agents import Agents
from pichat.gateway.services.certificates import Certificates, NoCertificates
from pichat.gateway.sessions.sessions import Sessions
from pichat.gateway.suggestions import Suggestions
from pichat.gateway.uploads.uploads import open_uploads
from pichat.health import Health
from pichat.llm.base import Provider
from pichat.llm.chain import Chain
from pichat.llm.images import Images
from pichat.mcp.inputs import Inputs
from pichat.store.audit import open_audit
from pichat.store.conversations import Conversations, open_conversations
from pichat.store.db import Database, open_database
from pichat.tools import load_tools
from pichat.tools.base import Toolbox
from pichat.tools.network_tools import network_tools
from pichat.tts.base import Speech
from pichat.turn.catalogue import Catalogue
from pichat.turn.clips import Written
from pichat.turn.profiles import Profiles
from pichat.turn.runs import Runs
from pichat.turn.user_changes import House as Known
from pichat.turn.users import Users
from pichat.zigbee.backup.listing import StoredBackup
from pichat.zigbee.backup.open_coordinator import Summary
from pichat.zigbee.backup.plan import RestorePlan
from pichat.zigbee.backup.restoring import Restored
from pichat.zigbee.stick.refusal import Choice, Refusal
from tests.gateway.fake_groups import FakeGroups, FakeScenes
from tests.gateway.fake_joining import FakeJoining
from tests.gateway.fake_kept import a_folder, named, offers_of, open_clients
from tests.gateway.fake_lock_codes import FakeLockCodes
from tests.gateway.fake_mcp import Elsewhere, elsewhere
from tests.gateway.fake_network import FakeNetwork
from tests.gateway.fake_reloading import FakeReloading
from tests.support.fake_house import FakeHouse
from tests.support.scripted_model import Scripted

OWN_SECRET = "of-this-machine"

CAPABILITIES = {
    "on_off": Capability(name="on_off", writable=True),
    "brightness": Capability(name="brightness", writable=True, unit="%", minimum=0, maximum=100),
    "colour": Capability(name="colour", writable=True),
    "colour_temperature": Capability(
        name="colour_temperature", writable=True, unit="K", minimum=2000, maximum=6500
    ),
    "cover_position": Capability(
        name="cover_position", writable=True, unit="%", minimum=0, maximum=100
    ),
    "lock": Capability(name="lock", writable=True),
    "target_temperature": Capability(
        name="target_temperature", writable=True, unit="°C", minimum=5, maximum=30
    ),
    "temperature": Capability(name="temperature", unit="°C"),
    "humidity": Capability(name="humidity", unit="%"),
    "power": Capability(name="power", unit="W"),
    "battery": Capability(name="battery", unit="%"),
    "contact": Capability(name="contact"),
    "occupancy": Capability(name="occupancy"),
}


def make(number: int, name: str, area: str | None, kind: Kind, **state: State) -> Device:
    return Device(
        id=f"00:12:4b:00:00:00:00:{number:02x}",
        name=name,
        area=area,
        kind=kind,
        manufacturer="PiChat",
        model="Test",
        capabilities=tuple(CAPABILITIES[each] for each in state),
        state=state,
        available=True,
        last_seen_s=1.0,
        confirm=kind == "lock",
    )


class LiveHouse(FakeHouse):
    """Tells the bus of every change, as the hub does."""

    def __init__(self, bus: Bus, *devices: Device) -> None:
        super().__init__(*devices)
        self._bus = bus
        self.delay_s = 0.0

    async def set(
        self,
        device_id: str,
        capability: str,
        value: State,
        *,
        transition_s: float | None = None,
    ) -> State:
        await asyncio.sleep(self.delay_s)
        state = await super().set(device_id, capability, value, transition_s=transition_s)
        self.publish(device_id, {capability: value})
        return state

    async def rename(self, device_id: str, *, name: str, area: str | None) -> Device:
        device = structs.replace(self._answering(device_id), name=name, area=area)
        self._devices[device_id] = device
        self.publish(device_id, {})
        return device

    async def mark(self, device_id: str, confirm: bool) -> Device:
        device = structs.replace(self._answering(device_id), confirm=confirm)
        self._devices[device_id] = device
        self.publish(device_id, {})
        return device

    async def cancel_waiting(self, device_id: str, capability: str | None = None) -> Device:
        device = self._devices.get(device_id)
        if device is None or not device.waiting or capability not in (None, *device.waiting):
            raise NotFoundError("Nothing waits.")
        left = {each: value for each, value in device.waiting.items() if each != capability}
        waiting = left if capability else {}
        self._devices[device_id] = structs.replace(device, waiting=waiting)
        self.publish(device_id, {})
        return self._devices[device_id]

    def sleep(self, device_id: str, **waiting: State) -> None:
        """The device sleeps, and has something to be told."""
        device = self._devices[device_id]
        self._devices[device_id] = structs.replace(device, sleepy=True, waiting=waiting)
        self.publish(device_id, {})

    def add(self, device: Device) -> None:
        """As if it had joined."""
        self._devices[device.id] = device
        self._bus.publish(DeviceAdded(device=device))

    def report(self, device_id: str, available: bool = True, **changes: State) -> None:
        """As if the device itself had reported."""
        device = self._devices[device_id]
        self._devices[device_id] = structs.replace(
            device, state={**device.state, **changes}, available=available
        )
        self.publish(device_id, dict(changes))

    def publish(self, device_id: str, changes: dict[str, State]) -> None:
        self._bus.publish(DeviceChanged(device=self._devices[device_id], changes=changes))


class ScriptedTurns:
    """`turn on/off NAME` acts; `wait` hangs, `crash` and `fail` raise, `count N` streams N pieces;
    `stream N` streams N pieces as a model does, each telling when it was made; all else is not
    understood."""

    def __init__(self, bus: Bus, tools: Toolbox) -> None:
        self._bus = bus
        self._tools = tools
        self.waiting = asyncio.Event()
        self.ended = asyncio.Event()
        self.utterances: list[Utterance] = []
        self.forgotten: list[str] = []

    def forget(self, conversation_id: str) -> None:
        self.forgotten.append(conversation_id)

    async def run(self, utterance: Utterance) -> AsyncIterator[TurnEvent]:
        self.utterances.append(utterance)
        if utterance.candidates[0] == "fail":
            raise UnavailableError("The part that thinks is not there.")
        async for event in self._events(utterance):
            self._bus.publish(event)
            yield event

    async def _events(self, utterance: Utterance) -> AsyncIterator[TurnEvent]:
        words = utterance.candidates[0].split()
        yield TurnStarted(
            turn_id=utterance.turn_id,
            conversation_id=utterance.conversation_id,
            source=utterance.source,
            text=utterance.candidates[0],
            provider="intents",
            user_id=utterance.user_id,
        )
        text, code = "Sorry, I did not understand that.", NotUnderstoodError.code
        match words:
            case ["turn", "on" | "off" as way, *name]:
                result = TurnTool(
                    turn_id=utterance.turn_id,
                    call=(call := _switch(" ".join(name).removeprefix("the "), way == "on")),
                    result=await self._tools.call(
                        call, source=utterance.source, turn_id=utterance.turn_id
                    ),
                    started_s=time.monotonic(),
                    duration_ms=40.2,
                )
                yield result
                (outcome,) = result.result.outcomes
                text = outcome.error or f"The {outcome.device_name} is {way}."
                code = outcome.error_code or ""
            case ["count", number]:
                text, code = "x" * int(number), ""
            case ["crash"]:
                raise RuntimeError("a secret that must not leave")
            case ["stream", number]:
                text, code = "That was all.", ""
                for _ in range(int(number)):
                    made = f"@{time.monotonic():.6f}"
                    await asyncio.sleep(0)  # others go first, as when it comes over the network
                    yield TurnText(turn_id=utterance.turn_id, text=made)
            case ["wait"]:
                await self._wait()
        pieces = text if words[0] == "count" else text.split(" ")
        for index, piece in enumerate(pieces):
            yield TurnText(
                turn_id=utterance.turn_id,
                text=piece if words[0] == "count" else f"{' ' * bool(index)}{piece}",
            )
        yield TurnFinished(
            turn_id=utterance.turn_id,
            conversation_id=utterance.conversation_id,
            text=text,
            provider="intents",
            code=code or None,
            retryable=False,
            timings_ms={"understand": 0.4, "act": 40.2, "total": 41.0},
        )

    async def _wait(self) -> None:
        self.waiting.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.set()


def _switch(name: str, on: bool) -> ToolCall:
    return ToolCall(
        name="set_device_state",
        arguments={"target": {"devices": [name]}, "capability": "on_off", "value": on},
    )


class ListeningVoice:
    """Keeps what it hears, and which buttons were pressed. `takes_in` cleared: it does not take
    frames in."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self.state = VoiceChanged(state="listening")
        self.heard = bytearray()
        self.takes_in = asyncio.Event()
        self.takes_in.set()
        self.error: Exception | None = None
        self.pressed: list[str] = []
        self.screens: dict[str, FakeScreen] = {}
        self.answer = b""  # 16 kHz mono int16

    def change(self, state: VoiceChanged) -> None:
        self.state = state
        self._bus.publish(state)

    def mute(self, muted: bool) -> None:
        self.pressed.append(f"mute {muted}")
        self.change(VoiceChanged(state="muted" if muted else "listening"))

    def interrupt(self) -> None:
        self.pressed.append("interrupt")
        self.change(VoiceChanged(state="listening"))

    def listen(self) -> None:
        if self.error is not None:
            raise self.error
        self.pressed.append("listen")
        self.change(VoiceChanged(state="hearing"))

    async def hear(self, frames: AsyncIterator[bytes]) -> None:
        if self.error is not None:
            raise self.error
        async for frame in frames:
            await self.takes_in.wait()
            self.heard += frame

    @asynccontextmanager
    async def screen(
        self,
        name: str,
        speaker: SoundSink,
        *,
        area: str | None,
        wake_word: bool,
        cancels_echo: bool,
        user_id: str,
        source: Source,
    ) -> AsyncIterator["FakeScreen"]:
        if self.error is not None:
            raise self.error
        self.screens[name] = station = FakeScreen(
            self, speaker, area, wake_word, cancels_echo, user_id, source
        )
        try:
            yield station
        finally:
            del self.screens[name]


@dataclass
class FakeScreen:
    """A screen's station: once it has heard everything, it says the voice's `answer`."""

    voice: ListeningVoice
    speaker: SoundSink
    area: str | None
    wake_word: bool
    cancels_echo: bool
    user_id: str
    source: Source

    async def hear(self, frames: AsyncIterator[bytes], pace: None) -> None:
        await self.voice.hear(frames)
        if self.voice.answer:
            playback = self.speaker.begin()
            await playback.write(_pieces(self.voice.answer), 16_000)
            await playback.finish()


async def _pieces(pcm: bytes) -> AsyncIterator[bytes]:
    yield pcm


class FakeClips:
    """Writes down how long a recording was, and says a tenth of a second for each letter."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.styles: list[tuple[str | None, Style]] = []
        self.sound: bytes | None = None  # instead of that

    async def to_text(self, pcm: bytes) -> Written:
        if self.error is not None:
            raise self.error
        return Written(text=f"{len(pcm) / 32_000:g} seconds", engine="home", command=False)

    @asynccontextmanager
    async def to_speech(
        self, text: str, language: str | None, style: Style
    ) -> AsyncIterator[Speech]:
        if self.error is not None:
            raise self.error
        self.styles.append((language, style))
        sound = self.sound or bytes(4410 * len(text))
        yield Speech(sample_rate_hz=22_050, chunks=_pieces(sound))


class FakeRepairs:
    """Forgets why the stick was refused once it is repaired."""

    def __init__(self) -> None:
        self.refusal: Refusal | None = None
        self.done: list[tuple[Choice, bool]] = []

    async def repair(self, choice: Choice, *, allow_new_address: bool = False) -> None:
        self.done.append((choice, allow_new_address))
        self.refusal = None


class FakeBackups:
    """One backup, which can be brought back; writes down what was."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.restored: list[tuple[bytes, str, bool]] = []
        self.stored = StoredBackup(
            name="backup-20260101T120000Z.json", size_bytes=9, made_s=1.0, devices=2, complete=True
        )

    async def list(self) -> tuple[StoredBackup, ...]:
        return (self.stored,)

    async def create(self) -> StoredBackup:
        if self.error is not None:
            raise self.error
        return self.stored

    def path(self, name: str) -> Path:
        return Path("/state/backups") / name

    async def read(self, name: str) -> bytes:
        if name != self.stored.name:
            raise NotFoundError(f"There is no backup “{name}”.")
        return b"of shelf"

    async def plan(self, content: bytes, what: str) -> RestorePlan:
        summary = Summary(made_s=1.0, source="PiChat", devices=2, complete=True)
        step = f"{what}: {content.decode()}"
        return RestorePlan(backup=summary, stick=None, names=2, forgotten=0, steps=(step,))

    async def restore(self, content: bytes, what: str, *, allow_new_eui64: bool) -> Restored:
        if self.error is not None:
            raise self.error
        self.restored.append((content, what, allow_new_eui64))
        return Restored(devices=2, coordinator_id="00:11", new_address=allow_new_eui64)


class Drawer:
    """Draws the same picture whatever is asked."""

    name, cloud, image_model = "drawer", True, "brush-1"

    def __init__(self) -> None:
        self.cloud_allowed = True
        self.error: Exception | None = None
        self.asked: list[tuple[str, str | None]] = []

    async def draw(self, prompt: str, size: str | None) -> Image:
        if self.error is not None:
            raise self.error
        self.asked.append((prompt, size))
        return Image(media_type="image/png", data=b"\x89PNG picture")


@dataclass
class World:
    """A running gateway and everything behind it."""

    gateway: Gateway
    bus: Bus
    health: Health
    house: LiveHouse
    turns: ScriptedTurns
    voice: ListeningVoice
    clips: FakeClips
    runs: Runs
    profiles: Profiles
    conversations: Conversations
    drawer: Drawer
    backups: FakeBackups
    repairs: FakeRepairs
    network: FakeNetwork
    joining: FakeJoining
    door: Door
    users: Users
    elsewhere: Elsewhere
    agents: Agents
    database: Database

    @property
    def url(self) -> str:
        return self.gateway.url

    async def token(self, scope: Scope, *, area: str | None = None, user_id: str = HOUSE) -> str:
        """The secret of a new token."""
        name = f"Test {scope}"
        _, secret = await self.door.tokens.create(name, scope, area=area, user_id=user_id)
        return secret


def default_house(bus: Bus) -> LiveHouse:
    return LiveHouse(
        bus,
        make(1, "Kitchen light", "Kitchen", "light", on_off=False, brightness=60,
             colour_temperature=2700),
        make(2, "Bedroom light", "Bedroom", "light", on_off=False, brightness=40,
             colour_temperature=4000),
        make(3, "Living room lamp", "Living room", "light", on_off=True, brightness=80,
             colour_temperature=3000, colour="none"),
        make(4, "Hallway light", "Hallway", "light", on_off=False),
        make(5, "Office plug", "Office", "plug", on_off=True, power=42.5),
        make(6, "Bathroom sensor", "Bathroom", "sensor", temperature=21.5, humidity=58, battery=87),
        make(7, "Hallway motion", "Hallway", "sensor", occupancy=False, battery=64),
        make(8, "Front door", "Hallway", "sensor", contact=False, battery=91),
        make(9, "Front door lock", "Hallway", "lock", lock=True, battery=55),
        make(10, "Living room blinds", "Living room", "cover", cover_position=70),
        make(11, "Bedroom thermostat", "Bedroom", "thermostat", temperature=19.8,
             target_temperature=20.5),
    )  # fmt: skip


@asynccontextmanager
async def running_world(
    *,
    port: int = 0,
    header_timeout_s: float = HEADER_TIMEOUT_S,
    unread_patience_s: float = UNREAD_PATIENCE_S,
    trust_loopback: bool = True,
    patience_s: float = PATIENCE_S,
    certificates: Certificates | None = None,
    make_turns: Callable[[Bus, Toolbox, FakeHouse, Conversations, Users], Any] | None = None,
    **server: Any,
) -> AsyncIterator[World]:
    """`make_turns`: others than scripted ones. `trust_loopback`: without a token one may do
    everything, as on the machine itself. `server`: other settings of config.server."""
    config = Server(port=port, trust_loopback=trust_loopback, **server)
    bus = Bus()
    health = Health(bus)
    health.set("zigbee", "ok")
    health.set("microphone", "ok")
    house = default_house(bus)
    voice = ListeningVoice(bus)
    clips, runs, drawer = FakeClips(), Runs(bus, keeps_audio=False), Drawer()
    async with (
        open_database(Path(":memory:")) as database,
        open_audit(database) as audit,
        open_conversations(database, health) as conversations,
        open_tokens(database) as tokens,
        a_folder() as folder,
        open_uploads(database, folder / "uploads", lambda: config.limits) as uploads,
        elsewhere(database, folder / "state") as remote,
    ):
        profiles = await Profiles.load(Config(), database, bus)
        known = Known(profiles.names, lambda: ("de", "en", "pl"), lambda: {"local": "tiny"})
        users = await Users.load(database, conversations, known, bus)
        providers: dict[str, Provider] = {"scripted": Scripted("scripted")}
        network = FakeNetwork()
        screens = Screens(bus)
        tools = Toolbox(
            house, audit, {**load_tools(), **network_tools(network)}, bus, show=screens.show
        )
        turns: Any = ScriptedTurns(bus, tools)
        if make_turns is not None:
            turns = make_turns(bus, tools, house, conversations, users)
        backups = FakeBackups()
        repairs = FakeRepairs()
        joining = FakeJoining()
        services = Services(
            turns=turns,
            tools=tools,
            house=house,
            joining=joining,
            voice=voice,
            clips=clips,
            runs=runs,
            profiles=profiles,
            users=users,
            conversations=conversations,
            backups=backups,
            repairs=repairs,
            network=network,
            lock_codes=FakeLockCodes(house),
            groups=FakeGroups(house),
            scenes=FakeScenes(house),
            clients=await open_clients(database, profiles, bus, *providers),
            models=Catalogue(providers, Chain(providers, Health(Bus())), profiles, health, folder),
            suggestions=await Suggestions.load(
                database, lambda: named(house), lambda: offers_of(house.devices()), bus
            ),
            uploads=uploads,
            mcp_servers=remote.servers,
            remote_tools=remote.tools,
            remote_calls=remote.calls,
            tool_switches=remote.switches,
            preferring=remote.preferring,
            discovery=remote.discovery,
            reloading=FakeReloading(),
            screens=screens,
            sessions=(sessions := Sessions(turns)),
            door=(door := Door(config, tokens, bus, own_secret=OWN_SECRET, patience_s=patience_s)),
            bus=bus,
            inputs=Inputs(bus),
            health=health,
            agents=(agents := Agents(audit=audit)),
            images=Images({drawer.name: drawer}, lambda: drawer.cloud_allowed),
            certificates=certificates or NoCertificates(),
            providers=providers,
        )
        gateway = Gateway(
            config,
            services,
            header_timeout_s=header_timeout_s,
            unread_patience_s=unread_patience_s,
        )
        recording = asyncio.create_task(runs.serve())
        try:
            async with sessions, gateway:
                yield World(
                    gateway,
                    bus,
                    health,
                    house,
                    turns,
                    voice,
                    clips,
                    runs,
                    profiles,
                    conversations,
                    drawer,
                    backups,
                    repairs,
                    network,
                    joining,
                    door,
                    users,
                    remote,
                    agents,
                    database,
                )
        finally:
            recording.cancel()
            await asyncio.gather(recording, return_exceptions=True)
