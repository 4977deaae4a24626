"""Everything of the hub put together, once for the daemon and once for whoever tries it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pichat.zigbee.kinds  # noqa: F401 -- registers the converters
from pichat.bus import Bus
from pichat.config.types import Zigbee
from pichat.health import Health
from pichat.store.db import Database
from pichat.store.devices import DeviceNames
from pichat.zigbee.hub import Hub
from pichat.zigbee.life import Life
from pichat.zigbee.link import Follower, Link
from pichat.zigbee.roster import Roster


@dataclass(frozen=True, slots=True)
class ZigbeeHouse:
    """`life.run()` keeps the radio open; the other parts are there from the start."""

    life: Life
    hub: Hub
    roster: Roster
    link: Link


def build_house(
    config: Zigbee,
    state_dir: Path,
    database: Database,
    bus: Bus,
    health: Health,
    suggested_names: Mapping[str, tuple[str, str | None]],
    *,
    pair_at_first_start: bool = False,
) -> ZigbeeHouse:
    """`suggested_names` are (name, area) by device id, for devices that the store has no name for;
    with `pair_at_first_start` those devices join when the hub first starts."""
    link = Link(health)
    roster = Roster(DeviceNames(database), bus, suggested_names)
    followers: list[Follower] = []
    life = Life(
        config,
        state_dir / "zigbee.db",
        roster,
        link,
        health,
        followers,
        expected=suggested_names,
        pair_at_first_start=pair_at_first_start,
    )
    hub = Hub(roster, link, config.confirm_timeout_s)
    return ZigbeeHouse(life=life, hub=hub, roster=roster, link=link)
