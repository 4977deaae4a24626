"""Which devices are there: who listens is asked now and then, who sleeps is missed in time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from pichat.config.types import Zigbee
from pichat.errors import BusyError, UnavailableError
from pichat.zigbee.air import RefusedError, SilentError
from pichat.zigbee.link import Link
from pichat.zigbee.roster import Roster
from pichat.zigbee.view import DeviceView

if TYPE_CHECKING:
    from pichat.zigbee.stick.radio import Session
    from pichat.zigbee.tasks import Tasks

log = structlog.get_logger(__name__)

_TICK_S = 5.0
_PINGS_A_TICK = 3
_AGAIN_S = 30.0
"""After one that was not answered; then the pauses double."""
_LONGEST_PAUSE_S = 3600.0
_SPREAD = 0.2
"""By how much of the interval a ping may come early, so that those heard together part."""
_BASIC = 0x0000


class _Asking:
    """Of one device that listens: how many pings it left unanswered, and when the next is due."""

    def __init__(self) -> None:
        self.heard_s: float | None = None
        self.due_s = 0.0
        self.unanswered = 0

    def look(self, view: DeviceView, now_s: float, next_s: Callable[[float], float]) -> None:
        """Take in what happened since: being heard from is as good as an answer."""
        heard_s = view.zigpy.last_seen or 0.0
        if not view.silent and heard_s != self.heard_s:
            self.heard_s, self.due_s, self.unanswered = heard_s, next_s(heard_s), 0
        elif view.silent and not self.unanswered:
            # A command was not answered: like a second ping that was not.
            self.due_s, self.unanswered = now_s + _AGAIN_S, 2

    def not_answered(self, now_s: float) -> None:
        self.due_s = now_s + min(_AGAIN_S * 2**self.unanswered, _LONGEST_PAUSE_S)
        self.unanswered += 1


class Availability:
    """Follows the radio. `now` is in seconds since the epoch.

    A device that listens is pinged when it has not been heard from for
    `zigbee.availability_mains_s`, one at a time, and is missing after two pings without an answer.
    A device that sleeps is missing after three times its longest usual silence, at the latest after
    `zigbee.availability_battery_s`; how long nobody listened does not count.
    """

    def __init__(
        self, roster: Roster, link: Link, config: Zigbee, now: Callable[[], float]
    ) -> None:
        self._roster = roster
        self._link = link
        self._mains_s = config.availability_mains_s
        self._battery_s = config.availability_battery_s
        self._now = now
        self._opened_s = now()
        self._asking: dict[str, _Asking] = {}

    def follow(self, session: Session, tasks: Tasks) -> None:
        del session
        self._opened_s = self._now()
        self._asking.clear()
        tasks.spawn(self._watch(), "availability")

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            await self.check()

    async def check(self) -> None:
        """Ping those that are due, at most three, and miss those that should have reported.
        Nothing is done while the radio is away."""
        if self._link.session is None:
            return
        known = [view for view in self._roster.announced() if view.whole is None]
        for view in known:
            if view.sleepy:
                self._judge(view)
        listening = {view.id: view for view in known if not view.sleepy}
        self._asking = {each: self._asking.get(each) or _Asking() for each in listening}
        for each, asking in self._asking.items():
            asking.look(listening[each], self._now(), self._next_s)
        due = [each for each, asking in self._asking.items() if asking.due_s <= self._now()]
        due.sort(key=lambda each: self._asking[each].due_s)
        with suppress(UnavailableError, BusyError):  # then it is for later
            for each in due[:_PINGS_A_TICK]:
                await self._ping(listening[each], self._asking[each])

    def _judge(self, view: DeviceView) -> None:
        silence_s = self._now() - self._since_s(view.zigpy.last_seen or 0.0)
        if not view.silent and silence_s > view.pace.patience_s(self._battery_s):
            log.info("device missing", device=view.id, silence_s=round(silence_s))
            view.set_silent(True)

    def _since_s(self, heard_s: float) -> float:
        """Nobody is missed for a time in which nobody listened."""
        return max(heard_s, self._opened_s)

    def _next_s(self, heard_s: float) -> float:
        early = _SPREAD * random.random()  # noqa: S311 - no secret
        return self._since_s(heard_s) + self._mains_s * (1 - early)

    async def _ping(self, view: DeviceView, asking: _Asking) -> None:
        async with self._link.under_way():
            if await _answers(view):
                return  # it was heard from
        asking.not_answered(self._now())
        if asking.unanswered > 1 and not view.silent:
            log.info("device missing", device=view.id)
            view.set_silent(True)


async def _answers(view: DeviceView) -> bool:
    """Whether the device says anything at all to a cheap question."""
    for port in view.ports:
        basic = port.beside(_BASIC)
        asked, attribute = (basic, "zcl_version") if basic else (port, "cluster_revision")
        try:
            await asked.read([attribute])
        except SilentError:
            return False
        except RefusedError:
            return True
        return True
    return True  # there is nothing to be asked
