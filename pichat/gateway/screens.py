"""The screens that do what they are told: who they are, whom something is for, and who did it."""

import asyncio
import difflib
from typing import Protocol
from weakref import WeakSet

from msgspec import structs

from pichat.bus import Bus
from pichat.errors import NotFoundError
from pichat.events import ScreenCommand, ScreenSeen, Shown
from pichat.gateway.door.caller import Caller
from pichat.gateway.protocol import new_id

PATIENCE_S = 1.0
"""How long a screen may take to say that it did what it was told."""


class Station(Protocol):
    """A connection that hears of what the screens are told. `id`: this one's alone."""

    id: str
    caller: Caller | None


class _Asked:
    """A command on its way. `waiting`: who may still say that it took it."""

    def __init__(self, waiting: set[Station]) -> None:
        self.waiting = waiting
        self.took: set[Station] = set()
        self.answered = asyncio.Event()


class Screens:
    """Those that are there now. `bus` carries what they are told to the feed.

    A screen that did not say that it took something, once, is not waited for the next time.
    """

    def __init__(self, bus: Bus, *, patience_s: float = PATIENCE_S) -> None:
        self._bus = bus
        self._patience_s = patience_s
        self._stations: list[Station] = []
        self._silent: WeakSet[Station] = WeakSet()
        self._asked: dict[str, _Asked] = {}

    def join(self, station: Station) -> None:
        if station not in self._stations:
            self._stations.append(station)

    def leave(self, station: Station) -> None:
        """Harmless for one that is not there. Nobody waits for it any more."""
        if station in self._stations:
            self._stations.remove(station)
        for asked in self._asked.values():
            asked.waiting.discard(station)
            if not asked.waiting:
                asked.answered.set()

    def all(self) -> tuple[ScreenSeen, ...]:
        """In the order in which they came."""
        return tuple(map(_seen, self._stations))

    async def show(self, command: ScreenCommand) -> Shown:
        """Tell the screens that it is for, and who of them took it in time. Raises NotFoundError
        when its target is neither a screen that is there nor the room of one."""
        told = [each for each in self._stations if is_for(command, each)]
        if command.target is not None and not told:
            raise NotFoundError(self._nobody(command.target))
        command = structs.replace(command, id=new_id())
        asked = self._asked[command.id] = _Asked({*told} - {*self._silent})
        try:
            self._bus.publish(command)
            if asked.waiting:
                async with asyncio.timeout(self._patience_s):
                    await asked.answered.wait()
        except TimeoutError:
            self._silent.update(asked.waiting)
        finally:
            del self._asked[command.id]
        return Shown(
            took=tuple(_seen(each) for each in told if each in asked.took),
            sent_to=tuple(_seen(each) for each in told if each not in asked.took),
        )

    def took(self, command_id: str, station: Station) -> None:
        """A screen says that it did it. One that is late is only waited for again."""
        self._silent.discard(station)
        asked = self._asked.get(command_id)
        if asked is not None:
            asked.took.add(station)
            asked.waiting.discard(station)
            if not asked.waiting:
                asked.answered.set()

    def _nobody(self, target: str) -> str:
        names = [name for each in self.all() for name in (each.name, each.area) if name]
        near = difflib.get_close_matches(target, names, n=1)
        hint = f" Did you mean “{near[0]}”?" if near else ""
        return (
            f"No other screen that is connected is called “{target}”, or is in such a room.{hint}"
        )


def is_for(command: ScreenCommand, station: Station) -> bool:
    """Whether a screen is to be told: one of that name or id, or in that room; not the sender."""
    if station.id == command.sender:
        return False
    if command.target is None:
        return True
    caller = station.caller
    named = (station.id,) if caller is None else (station.id, caller.id, caller.name, caller.area)
    wanted = command.target.casefold()
    return any(name is not None and name.casefold() == wanted for name in named)


def _seen(station: Station) -> ScreenSeen:
    caller = station.caller
    if caller is None:
        return ScreenSeen(id=station.id, name="")
    return ScreenSeen(id=station.id, name=caller.name, area=caller.area)
