"""Who is there, and what is kept for those who are not: put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pichat.bus import Bus
from pichat.config.types import Zigbee
from pichat.store.db import Database
from pichat.store.kept import KeptDevices
from pichat.store.waiting import WaitingCommands
from pichat.zigbee.link import Follower, Link
from pichat.zigbee.presence.availability import Availability
from pichat.zigbee.presence.kept import Kept
from pichat.zigbee.presence.poll_control import CheckIns
from pichat.zigbee.presence.waiting import Waiting
from pichat.zigbee.roster import Roster


@dataclass(frozen=True, slots=True)
class Presence:
    """The roster knows them; `followers` have work while the radio is open, and `waiting.run()`
    goes on without it."""

    availability: Availability
    waiting: Waiting
    kept: Kept
    check_ins: CheckIns

    @property
    def followers(self) -> tuple[Follower, ...]:
        return self.availability, self.waiting, self.kept, self.check_ins


def build_presence(
    config: Zigbee,
    database: Database,
    roster: Roster,
    link: Link,
    bus: Bus,
    now: Callable[[], float],
) -> Presence:
    """`now` is in seconds since the epoch."""
    waiting = Waiting(WaitingCommands(database), roster, bus, config.waiting_deadline_s, now)
    kept, check_ins = Kept(KeptDevices(database), roster.announced), CheckIns()
    roster.memories += [kept, waiting]
    roster.on_heard += [check_ins.heard, waiting.heard]
    return Presence(Availability(roster, link, config, now), waiting, kept, check_ins)
