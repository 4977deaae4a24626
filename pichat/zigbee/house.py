"""Everything of the hub put together, once for the daemon and once for whoever tries it out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

import pichat.zigbee.kinds  # noqa: F401 -- registers the converters
from pichat.bus import Bus
from pichat.config.types import Zigbee
from pichat.health import Health
from pichat.store.db import Database
from pichat.store.devices import DeviceNames
from pichat.zigbee.arrival.admission import Admission
from pichat.zigbee.arrival.interview import Interviews
from pichat.zigbee.backup.keeper import Backups
from pichat.zigbee.backup.restorer import Restorer
from pichat.zigbee.care.asking import Directory
from pichat.zigbee.care.care import Care
from pichat.zigbee.care.removal import Removal
from pichat.zigbee.fades import Fades
from pichat.zigbee.groups.together import Together, build_together
from pichat.zigbee.hub import Hub
from pichat.zigbee.life import Life
from pichat.zigbee.link import Follower, Link
from pichat.zigbee.lock_codes import LockCodes
from pichat.zigbee.presence.attention import Attention
from pichat.zigbee.presence.build import Presence, build_presence
from pichat.zigbee.roster import Roster
from pichat.zigbee.stick.repair import Repairs


@dataclass(frozen=True, slots=True)
class ZigbeeHouse:
    """`life.run()` keeps the radio open; the other parts are there from the start."""

    life: Life
    hub: Hub
    roster: Roster
    link: Link
    admission: Admission
    presence: Presence
    together: Together
    care: Care
    backups: Restorer
    lock_codes: LockCodes
    repairs: Repairs


def build_house(
    config: Zigbee,
    state_dir: Path,
    database: Database,
    bus: Bus,
    health: Health,
    suggested_names: Mapping[str, tuple[str, str | None]],
    *,
    pair_at_first_start: bool = False,
    now: Callable[[], float] = time.time,
    settings: msgspec.Struct | None = None,
) -> ZigbeeHouse:
    """`suggested_names` are (name, area) by device id, for devices that the store has no name for;
    with `pair_at_first_start` those devices join when the hub first starts. `now` is in seconds
    since the epoch; `settings` is the whole configuration, for the export of diagnostics."""
    link = Link(health)
    roster = Roster(DeviceNames(database), bus, suggested_names)
    presence = build_presence(config, database, roster, link, bus, now)
    interviews = Interviews(link, bus)
    admission = Admission(
        link, roster, bus, interviews, Removal(Directory(roster), roster, link), now
    )
    followers: list[Follower] = [interviews, admission, *presence.followers, Attention(roster)]
    life = Life(
        config,
        state_dir / "zigbee.db",
        roster,
        link,
        health,
        followers,
        interviews,
        [presence.waiting.run],
        expected=suggested_names,
        pair_at_first_start=pair_at_first_start,
    )
    together = build_together(roster, database, bus, link, config.confirm_timeout_s)
    fades = Fades()
    backups = Backups(state_dir, database, link, bus, health, clock=now)
    care = Care(config, roster, link, bus, health, settings=settings, before_change=backups.create)
    followers += [together.membership, fades, care, backups]
    hub = Hub(roster, link, config.confirm_timeout_s, together, fades, presence.waiting)
    presence.waiting.through(hub.command)
    together.activation.through(hub.set_many)
    return ZigbeeHouse(
        life=life,
        hub=hub,
        roster=roster,
        link=link,
        admission=admission,
        presence=presence,
        together=together,
        care=care,
        backups=Restorer(state_dir, database, backups, link, roster, life),
        lock_codes=LockCodes(roster, link),
        repairs=Repairs(life, roster, state_dir / "zigbee.db"),
    )
