"""All that commands devices together, put together."""

from __future__ import annotations

from dataclasses import dataclass

from pichat.bus import Bus
from pichat.store.db import Database
from pichat.store.groups import OwnersGroups, ZigbeeMembers
from pichat.store.scenes import KeptScenes
from pichat.zigbee.groups.activation import Activation
from pichat.zigbee.groups.many import Many
from pichat.zigbee.groups.membership import Membership
from pichat.zigbee.groups.multicast import Multicast
from pichat.zigbee.groups.owners import Groups
from pichat.zigbee.groups.scenes import Scenes
from pichat.zigbee.groups.stored import StoredScenes
from pichat.zigbee.link import Link
from pichat.zigbee.roster import Roster


@dataclass(frozen=True, slots=True)
class Together:
    """`groups` and `scenes` are people's; `membership` keeps the devices in step with them."""

    groups: Groups
    scenes: Scenes
    activation: Activation
    membership: Membership
    many: Many


def build_together(
    roster: Roster,
    database: Database,
    bus: Bus,
    link: Link,
    confirm_timeout_s: float,
) -> Together:
    """What outlives the process is loaded with the roster."""
    groups = Groups(OwnersGroups(database), roster, bus)
    kept = KeptScenes(database)
    scenes = Scenes(kept, roster, bus)
    stored = StoredScenes(roster, kept, scenes.numbered)
    membership = Membership(roster, ZigbeeMembers(database), bus, groups.all, stored)
    roster.memories += [groups, scenes, stored, membership]
    many = Many(membership, Multicast(), link, confirm_timeout_s)
    activation = Activation(scenes, stored, membership, roster, many)
    return Together(groups, scenes, activation, membership, many)
