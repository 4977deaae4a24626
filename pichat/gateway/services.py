"""What the actions need of the daemon. The application hands the real parts in."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from pichat.bus import Bus
from pichat.events import (
    Device,
    Source,
    ToolCall,
    ToolResult,
    TurnEvent,
    Utterance,
    VoiceChanged,
)
from pichat.health import Health


class Turns(Protocol):
    def run(self, utterance: Utterance) -> AsyncIterator[TurnEvent]:
        """The turn's events, `TurnStarted` first, `TurnFinished` last. Raises PiChatError when it
        cannot run at all. Closing the iterator ends the turn."""
        ...


class Tools(Protocol):
    async def call(self, call: ToolCall, *, source: Source, turn_id: str) -> ToolResult:
        """The only door to the house. Raises PiChatError when nothing could be tried."""
        ...


class House(Protocol):
    def devices(self) -> tuple[Device, ...]: ...

    async def rename(self, device_id: str, *, name: str, area: str | None) -> Device:
        """The device under its new name and in its new room. Raises NotFoundError and
        BadRequestError."""
        ...

    async def permit_join(self, duration_s: int) -> None:
        """Let new devices join for that long, at most 254 s. Raises UnavailableError."""
        ...


class Voice(Protocol):
    @property
    def state(self) -> VoiceChanged: ...

    async def hear(self, frames: AsyncIterator[bytes]) -> None:
        """Take in sound as if the microphone had heard it: int16 little-endian mono at 16 kHz, in
        pieces of any length. Returns when it has been listened to. Raises UnavailableError when
        there is no voice loop, BusyError when somebody else is feeding it."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    turns: Turns
    tools: Tools
    house: House
    voice: Voice
    bus: Bus
    health: Health
