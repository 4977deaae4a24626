"""Which Zigbee groups save radio time in this house."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence

from pichat.events import Colour, DeviceGroup, Kind, State
from pichat.store.groups import Member
from pichat.zigbee.groups.recorded import recorded
from pichat.zigbee.view import DeviceView, Feature

GROUPS, SCENES = 0x0004, 0x0005
"""Clusters."""
LEAST = 3
"""Two devices are told as fast one by one, and a message to a group is repeated by every router."""
MOST_GROUPS = 12
"""A device that says no more remembers 16 groups at most; some are left to remote controls."""

_KINDS: frozenset[Kind] = frozenset({"light", "plug", "switch", "cover"})
_SAMPLES: dict[str, State] = {
    "on_off": True,
    "cover_position": 30,
    "brightness": 50,
    "colour_temperature": 3000,
    "colour": Colour(hue_deg=120, saturation_percent=50),
}
"""What is told to many devices at once, the most frequent first, and a value to try it with."""


def member_of(view: DeviceView, feature: Feature) -> Member | None:
    """As what a device can be in a group; None for one that cannot, or that sleeps."""
    if view.kind not in _KINDS or view.sleepy or feature.port.beside(GROUPS) is None:
        return None
    if getattr(feature.port.cluster, "local", False):
        return None  # what goes to a group is the standard's, and its maker has another
    return view.id, int(feature.port.cluster.endpoint.endpoint_id)


async def wanted_groups(
    views: Sequence[DeviceView], owners: Iterable[DeviceGroup]
) -> dict[str, frozenset[Member]]:
    """The members of each group, by a key that says what it stands for: those of the house before
    those of rooms, and no two with the same members."""
    scopes = _scopes(views, owners)
    found: dict[str, frozenset[Member]] = {}
    taken: dict[Member, int] = {}
    for capability, sample in _SAMPLES.items():
        alike = await _alike(views, capability, sample)
        for scope, ids in scopes.items():
            for sort, members in alike.items():
                inside = frozenset(member for member in members if member[0] in ids)
                full = any(taken.get(member, 0) >= MOST_GROUPS for member in inside)
                if len(inside) < LEAST or full or inside in found.values():
                    continue
                found[f"{scope}/{capability}/{sort}"] = inside
                for member in inside:
                    taken[member] = taken.get(member, 0) + 1
    return found


def _scopes(views: Sequence[DeviceView], owners: Iterable[DeviceGroup]) -> Mapping[str, set[str]]:
    scopes: dict[str, set[str]] = {"house": {view.id for view in views}}
    for view in views:
        if view.area:
            scopes.setdefault(f"room {view.area.casefold()}", set()).add(view.id)
    for group in owners:
        scopes[f"group {group.id}"] = set(group.device_ids)
    return scopes


async def _alike(
    views: Sequence[DeviceView], capability: str, sample: State
) -> dict[str, list[Member]]:
    """Devices of one kind that understand the same message."""
    found: dict[str, list[Member]] = {}
    for view in views:
        feature = view.features.get(capability)
        member = member_of(view, feature) if feature else None
        if feature is None or member is None:
            continue
        sent = await recorded(feature, sample)
        if sent is not None:
            sort = f"{view.kind}/{zlib.crc32(repr(sent).encode()):08x}"
            found.setdefault(sort, []).append(member)
    return dict(sorted(found.items()))
