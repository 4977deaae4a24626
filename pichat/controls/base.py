"""What a control is given, and how a kind of control makes itself known."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import structlog

from pichat.bus import Bus
from pichat.config.types import Controls as Config
from pichat.config.types import Deed
from pichat.controls.gpio import Gpio
from pichat.errors import BusyError, PiChatError
from pichat.events import LOCAL_STATION, VoiceChanged, VoiceState

log = structlog.get_logger(__name__)

Report = Callable[[str | None], None]
"""None: it works. A sentence: why it does not."""


class Voice(Protocol):
    """The voice loop of this machine. `listen` raises UnavailableError when it is deaf."""

    @property
    def state(self) -> VoiceChanged: ...

    def mute(self, muted: bool) -> None: ...

    def interrupt(self) -> None: ...

    def listen(self) -> None: ...


class Control(Protocol):
    """`name` is for people, and unlike every other's."""

    @property
    def name(self) -> str: ...

    async def serve(self, report: Report) -> None:
        """Work until the device is lost (UnavailableError with a sentence) or for ever; `report`
        that it works, once it does."""
        ...


class States:
    """What the voice loop of this machine is doing, while `serve` runs."""

    def __init__(self, bus: Bus, voice: Voice) -> None:
        self._bus = bus
        self._voice = voice
        self._changed = asyncio.Event()
        self.now: VoiceState = voice.state.state

    async def serve(self) -> None:
        """Follow for ever. An owner runs this in a task."""
        while True:
            with self._bus.subscribe(VoiceChanged) as changes:
                self._become(self._voice.state.state)
                try:
                    async for change in changes:
                        if change.station == LOCAL_STATION:
                            self._become(change.state)
                except BusyError:
                    continue  # what was missed is of no interest once it is over

    async def after(self, seen: VoiceState | None) -> VoiceState:
        """The newest state, as soon as it is not the one that was `seen`."""
        while self.now == seen:
            await self._changed.wait()
        return self.now

    def _become(self, state: VoiceState) -> None:
        if state != self.now:
            self.now = state
            self._changed.set()
            self._changed = asyncio.Event()


@dataclass(frozen=True, slots=True)
class Surroundings:
    voice: Voice
    states: States
    gpio: Gpio

    def do(self, deed: Deed) -> None:
        """What a key or a button stands for."""
        try:
            if deed == "mute":
                # In doubt, such as during an answer, it mutes: that is what a person counts on.
                self.voice.mute(self.voice.state.state != "muted")
            elif deed == "stop":
                self.voice.interrupt()
            else:
                self.voice.listen()
        except PiChatError as error:
            log.info("control refused", does=deed, reason=error.sentence)


Maker = Callable[[Config, Surroundings], Iterable[Control]]
M = TypeVar("M", bound=Maker)
REGISTRY: dict[str, Maker] = {}


def controls(setting: str) -> Callable[[M], M]:
    """Register the decorated function, which makes controls of one setting of the section."""

    def register(maker: M) -> M:
        if setting in REGISTRY:
            raise TypeError(f"controls {setting!r} are registered twice")
        if setting not in Config.__struct_fields__:
            raise TypeError(f"the section “controls” has no {setting!r}")
        REGISTRY[setting] = maker
        return maker

    return register


async def until_readable(descriptor: int) -> None:
    """Return when there is something to read, or the device is gone."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)
