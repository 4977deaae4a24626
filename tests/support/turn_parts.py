"""Turns for tests: the real chain and memory around whatever understands and thinks."""

from __future__ import annotations

from collections.abc import Sequence

from pichat.bus import Bus
from pichat.config.types import Profile
from pichat.errors import NotFoundError, UnavailableError
from pichat.events import DeviceChanged
from pichat.health import Health
from pichat.llm.base import Message, Provider
from pichat.llm.chain import Chain
from pichat.store.messages import StoredMessage
from pichat.tools.base import Toolbox
from pichat.tools.house import House
from pichat.turn.memory import Conversations, Memory
from pichat.turn.mind import Mind
from pichat.turn.people import People
from pichat.turn.tongues import Intents, Tongues
from pichat.turn.turns import Turns


class KeptConversations:
    """Implements memory.Conversations in memory. `broken`: the disk takes nothing."""

    def __init__(self) -> None:
        self.messages: list[StoredMessage] = []
        self.owners: dict[str, str] = {}
        self.heard: list[tuple[str, str, bool]] = []
        self.broken = False

    def add_later(
        self, *messages: StoredMessage, profile: str = "default", user_id: str = "house"
    ) -> None:
        self.messages += messages
        for each in messages:
            self.owners.setdefault(each.conversation_id, user_id)

    async def check(self, conversation_id: str, user_id: str) -> None:
        if self.owners.get(conversation_id, user_id) != user_id:
            raise NotFoundError("There is no such conversation.")

    async def flushed(self) -> None:
        if self.broken:
            raise UnavailableError("The disk is full.")

    async def history(
        self,
        conversation_id: str,
        limit_messages: int,
        *,
        without_turn: str = "",
        user_id: str = "house",
    ) -> tuple[Message, ...]:
        here = [each for each in self.messages if each.conversation_id == conversation_id]
        known = [each for each in here if each.turn_id != without_turn]
        return tuple(each.message for each in known[-limit_messages:])

    async def set_heard(self, turn_id: str, text: str, cut_off: bool) -> None:
        self.heard.append((turn_id, text, cut_off))


class KnownProfiles:
    """Implements turns.Profiles."""

    def __init__(self, **profiles: Profile) -> None:
        self.profiles = {"default": Profile(), **profiles}
        self.active = "default"

    def get(self, name: str) -> Profile:
        return self.profiles[name]


def new_turns(
    intents: Intents,
    house: House,
    toolbox: Toolbox,
    bus: Bus,
    *providers: Provider,
    profiles: KnownProfiles | None = None,
    conversations: Conversations | None = None,
    people: People | None = None,
) -> Turns:
    """Turns of an English house. Without providers nobody thinks."""
    named = {provider.name: provider for provider in providers}
    memory = Memory(conversations or KeptConversations(), bus)
    chain = Chain(named, Health(Bus()))
    mind = Mind(chain, named, toolbox, memory, house.devices, _nothing, "en")
    tongues = Tongues("en", intents, lambda _: intents)
    return Turns(tongues, toolbox, bus, profiles or KnownProfiles(), mind, memory, people)


def _nothing() -> Sequence[DeviceChanged]:
    return ()
