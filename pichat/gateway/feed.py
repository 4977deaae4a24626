"""From the bus to everyone who subscribed: each event is encoded once and written to each."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog

from pichat.bus import Bus, Subscription
from pichat.errors import BusyError
from pichat.events import (
    Answered,
    AnswerHeard,
    ButtonPressed,
    ClientSettingsChanged,
    DeviceAdded,
    DeviceChanged,
    DeviceRemoved,
    Event,
    GroupsChanged,
    InputAsked,
    InputEnded,
    JoiningChanged,
    JoinProgress,
    McpServersChanged,
    NetworkProgress,
    PairingChanged,
    PartHealth,
    ProfilesChanged,
    Question,
    ScenesChanged,
    ScreenCommand,
    SuggestionsChanged,
    ToolsChanged,
    Transcript,
    TurnFinished,
    TurnProgress,
    TurnStarted,
    TurnText,
    TurnTool,
    UsersChanged,
    VoiceChanged,
    VoiceHeard,
    WaitingEnded,
    WakeScored,
)
from pichat.gateway.context import Topic
from pichat.gateway.door.caller import Caller
from pichat.gateway.hearing import MayHear, Turns
from pichat.gateway.protocol import EventReply, encode, raw_json
from pichat.gateway.screens import is_for
from pichat.gateway.services.screens import Screens
from pichat.gateway.wire import text_frame

log = structlog.get_logger(__name__)

TOPICS: dict[type[Event], Topic] = {
    DeviceAdded: "devices",
    DeviceChanged: "devices",
    DeviceRemoved: "devices",
    ButtonPressed: "devices",
    WaitingEnded: "devices",
    GroupsChanged: "devices",
    ScenesChanged: "devices",
    JoinProgress: "network",
    JoiningChanged: "network",
    NetworkProgress: "network",
    TurnStarted: "turns",
    TurnTool: "turns",
    TurnProgress: "turns",
    TurnText: "turns",
    TurnFinished: "turns",
    VoiceChanged: "voice",
    Transcript: "voice",
    VoiceHeard: "voice",
    AnswerHeard: "turns",
    WakeScored: "scores",
    PartHealth: "health",
    Question: "questions",
    Answered: "questions",
    InputAsked: "questions",
    InputEnded: "questions",
    ScreenCommand: "screens",
    ProfilesChanged: "profiles",
    ClientSettingsChanged: "profiles",
    SuggestionsChanged: "profiles",
    UsersChanged: "profiles",
    PairingChanged: "pairing",
    McpServersChanged: "tools",
    ToolsChanged: "tools",
}
_TAGS = {kind: str(kind.__struct_config__.tag) for kind in TOPICS}
_WAITING_EVENTS = 4096
_AT_ONCE = 100

_Wish = tuple[str, frozenset[Topic]]
"""The id of the request that subscribed, and to what."""


class Listener(Protocol):
    """A connection that subscribed. `id`: this one's alone."""

    id: str
    caller: Caller | None

    @property
    def behind(self) -> bool:
        """Whether it has much to read."""
        ...

    def post(self, frame: bytes) -> None:
        """Write a WebSocket frame without waiting for the client; one that has not read for long is
        let go."""
        ...

    def resync(self) -> None:
        """Events were lost: let the client connect again for a new snapshot."""
        ...


def _is_behind(hearing: tuple[Listener, _Wish]) -> bool:
    return hearing[0].behind


class Feed:
    """One subscription to the bus for all clients, and for the metrics.

    A client takes its snapshot and joins in one step. Events from just before may follow it; they
    carry whole devices, parts and states, so what comes last is right in any case.
    """

    def __init__(
        self,
        bus: Bus,
        observe: Callable[[Event], None],
        screens: Screens,
        may_hear: MayHear = lambda _caller, _user_id: True,
    ) -> None:
        """`observe` is told of every event; `may_hear`: who may be told of whose turns."""
        self._bus = bus
        self._may_hear = may_hear
        self._turns = Turns()
        self._observe = observe
        self._screens = screens
        self._listeners: dict[Listener, _Wish] = {}

    def join(self, listener: Listener, request_id: str, topics: frozenset[Topic]) -> None:
        """Deliver events of `topics` from now on; replaces what the listener had before."""
        self._listeners[listener] = (request_id, topics)
        if "screens" in topics:
            self._screens.join(listener)
        else:
            self._screens.leave(listener)

    def leave(self, listener: Listener) -> None:
        self._listeners.pop(listener, None)
        self._screens.leave(listener)

    async def run(self) -> None:
        """Deliver for ever. An owner runs this in a task."""
        while True:
            with self._bus.subscribe(*TOPICS, maxsize=_WAITING_EVENTS) as events:
                try:
                    await self._deliver(events)
                except BusyError:
                    log.warning("events lost", listeners=len(self._listeners))
                except Exception:  # the owner's boundary: one bad event must not end the feed
                    log.exception("feed failed")
            for listener in list(self._listeners):
                self.leave(listener)
                listener.resync()

    async def _deliver(self, events: Subscription[Event]) -> None:
        while True:
            event = await events.get()
            self._observe(event)
            whose = self._turns.whose(event)
            if not self._listeners:
                continue  # as most of the time, while a model writes
            topic = TOPICS[type(event)]
            hearing = [each for each in self._listeners.items() if topic in each[1][1]]
            if hearing and whose is not None:
                hearing = [each for each in hearing if self._may_hear(each[0].caller, whose)]
            if isinstance(event, ScreenCommand):
                hearing = [each for each in hearing if is_for(event, each[0])]
            if hearing:
                await self._tell(hearing, event)

    async def _tell(self, hearing: list[tuple[Listener, _Wish]], event: Event) -> None:
        """Everyone, but not in one breath: between some and the next, requests are answered. Who
        does not read as fast as things happen waits for those who do."""
        hearing.sort(key=_is_behind)
        payload, action = raw_json(event), _TAGS[type(event)]
        frames: dict[str, bytes] = {}
        for number, (listener, wish) in enumerate(hearing, start=1):
            if self._listeners.get(listener) is wish:  # it may have left, or subscribed anew
                request_id = wish[0]
                frame = frames.get(request_id)
                if frame is None:
                    reply = EventReply(request_id=request_id, action=action, payload=payload)
                    frame = frames[request_id] = text_frame(encode(reply))
                listener.post(frame)
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
