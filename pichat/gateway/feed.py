"""From the bus to everyone who subscribed: each event is encoded once and written to each."""

from collections.abc import Callable
from typing import Protocol

import msgspec
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
    JoiningChanged,
    JoinProgress,
    NetworkProgress,
    PartHealth,
    ProfilesChanged,
    Question,
    ScenesChanged,
    ScreenCommand,
    SuggestionsChanged,
    Transcript,
    TurnFinished,
    TurnStarted,
    TurnText,
    TurnTool,
    VoiceChanged,
    VoiceHeard,
    WaitingEnded,
    WakeScored,
)
from pichat.gateway.context import Topic
from pichat.gateway.protocol import EventReply, encode, raw_json

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
    ScreenCommand: "screens",
    ProfilesChanged: "profiles",
    ClientSettingsChanged: "profiles",
    SuggestionsChanged: "profiles",
}
_TAGS = {kind: str(kind.__struct_config__.tag) for kind in TOPICS}
_WAITING_EVENTS = 4096


class Listener(Protocol):
    """A connection that subscribed."""

    async def post(self, frame: bytes) -> None:
        """Write without waiting for the client; one that has not read for long is let go."""
        ...

    def resync(self) -> None:
        """Events were lost: let the client connect again for a new snapshot."""
        ...


class Feed:
    """One subscription to the bus for all clients, and for the metrics.

    A client takes its snapshot and joins in one step. Events from just before may follow it; they
    carry whole devices, parts and states, so what comes last is right in any case.
    """

    def __init__(self, bus: Bus, observe: Callable[[Event], None]) -> None:
        self._bus = bus
        self._observe = observe
        self._listeners: dict[Listener, tuple[str, frozenset[Topic]]] = {}

    def join(self, listener: Listener, request_id: str, topics: frozenset[Topic]) -> None:
        """Deliver events of `topics` from now on; replaces what the listener had before."""
        self._listeners[listener] = (request_id, topics)

    def leave(self, listener: Listener) -> None:
        self._listeners.pop(listener, None)

    def count(self, topic: Topic) -> int:
        """How many listeners hear of a topic."""
        return sum(topic in topics for _, topics in self._listeners.values())

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
            topic = TOPICS[type(event)]
            payload: msgspec.Raw | None = None
            for listener, (request_id, topics) in list(self._listeners.items()):
                if topic in topics:
                    payload = payload or raw_json(event)
                    reply = EventReply(
                        request_id=request_id, action=_TAGS[type(event)], payload=payload
                    )
                    await listener.post(encode(reply))
