"""What another hub's installation brings: a backup like any other, and what it lacks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import msgspec

from pichat.events import DeviceGroup
from pichat.zigbee.backup.open_coordinator import Backup
from pichat.zigbee.backup.sections.devices import Devices, KeptDevice
from pichat.zigbee.backup.sections.groups import Groups, KeptGroups


@dataclass(frozen=True, slots=True)
class Found:
    """One device of another hub. `model` is what it says of itself; `interviewed`: what it can is
    known, and nobody has to ask it again."""

    id: str
    name: str | None
    area: str | None
    model: str
    interviewed: bool = True


@dataclass(frozen=True, slots=True)
class Imported:
    """`problems` are sentences about what cannot be brought, or only in part."""

    hub: str
    backup: Backup
    devices: tuple[Found, ...]
    problems: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class FoundGroup:
    name: str
    device_ids: tuple[str, ...]


def house_of(devices: Iterable[Found], groups: Iterable[FoundGroup]) -> dict[str, Any]:
    """The sections of a backup that say what people said: of devices that have a name, and groups
    that have members."""
    devices = list(devices)
    known = {each.id for each in devices}
    made = [
        DeviceGroup(id=uuid4().hex[:12], name=group.name, device_ids=members)
        for group in groups
        if (members := tuple(dict.fromkeys(id_ for id_ in group.device_ids if id_ in known)))
    ]
    named = {
        each.id: msgspec.to_builtins(KeptDevice(name=each.name, area=each.area))
        for each in devices
        if each.name
    }
    house: dict[str, Any] = {Devices.name: named}
    if made:
        house[Groups.name] = msgspec.to_builtins(KeptGroups(owners=tuple(made)), str_keys=True)
    return house


def told_apart(devices: Iterable[Found]) -> list[Found]:
    """With a number where a room has the same name twice: people could not tell them apart."""
    used: set[tuple[str, str]] = set()
    found = []
    for each in devices:
        name, number = each.name, 1
        while name and (key := (name.casefold(), (each.area or "").casefold())) in used:
            number += 1
            name = f"{each.name} {number}"
        if name:
            used.add(key)
        found.append(Found(each.id, name, each.area, each.model, each.interviewed))
    return found


def said(text: str) -> str:
    """A name as people say it: underscores are the spaces of those who may not use any."""
    return " ".join(text.replace("_", " ").split())


def room(text: str) -> str | None:
    name = said(text)
    return name[:1].upper() + name[1:] or None
