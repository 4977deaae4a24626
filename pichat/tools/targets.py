"""Which devices a call means."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec

from pichat.errors import NotFoundError, UnsupportedError
from pichat.events import Device, DeviceGroup, Kind
from pichat.tools.others import GROUP
from pichat.tools.schema import NOT_TOLD, REQUIRED

NOWHERE = "elsewhere"
"""The room of devices that are in none."""


class Target(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Devices or groups by id or name, else all of an area and of some kinds; empty means
    everything. Models say “kitchen lights” as one of the `devices`."""

    devices: Annotated[tuple[str, ...], REQUIRED] = ()
    area: Annotated[str | None, NOT_TOLD] = None
    kinds: Annotated[tuple[Kind, ...], NOT_TOLD] = ()


def _named(
    wanted: str, capability: str, devices: list[Device], groups: Iterable[DeviceGroup]
) -> list[Device]:
    for device in devices:
        if wanted == device.id or wanted.casefold() == device.name.casefold():
            if device.capability(capability) is None:
                what = capability.replace("_", " ")
                raise UnsupportedError(f"The {device.name} has no {what}.")
            return [device]
    for group in groups:
        if wanted.removeprefix(GROUP) == group.id or wanted.casefold() == group.name.casefold():
            able = [d for d in devices if d.id in group.device_ids and d.capability(capability)]
            if not able:
                what = capability.replace("_", " ")
                raise UnsupportedError(f"Nothing in the {group.name} has {what}.")
            return able
    raise NotFoundError(f"There is no device called “{wanted}”.")


def in_area(area: str | None, devices: Iterable[Device]) -> list[Device]:
    """The devices of a room, or all of them for None. Raises NotFoundError for a room that is not
    there."""
    known = list(devices)
    if area is None:
        return known
    found = [device for device in known if (device.area or "").casefold() == area.casefold()]
    if not found:
        raise NotFoundError(f"There is no room called “{area}”.")
    return found


def rooms_of(devices: Iterable[Device]) -> dict[str, list[Device]]:
    """The rooms by name with their devices by name; those in no room are “elsewhere”, last."""
    rooms: dict[str, list[Device]] = {}
    for device in sorted(devices, key=lambda each: (each.name.casefold(), each.id)):
        rooms.setdefault(device.area or NOWHERE, []).append(device)
    return dict(sorted(rooms.items(), key=lambda room: (room[0] == NOWHERE, room[0].casefold())))


def resolve(
    target: Target,
    capability: str,
    devices: Iterable[Device],
    groups: Iterable[DeviceGroup] = (),
) -> list[Device]:
    """The devices of `target` that have `capability`, by name; of a group, those that have it.
    Never empty, and each once.

    Raises NotFoundError when a name or an area is unknown, or nothing fits, and UnsupportedError
    when a device that was named cannot do it.
    """
    known = sorted(devices, key=lambda device: device.name)
    if target.devices:
        named = [_named(wanted, capability, known, groups) for wanted in target.devices]
        return list({device.id: device for found in named for device in found}.values())
    found = [
        device
        for device in in_area(target.area or None, known)
        if device.capability(capability) and (not target.kinds or device.kind in target.kinds)
    ]
    if not found:
        where = f" in the {target.area}" if target.area else ""
        raise NotFoundError(f"There is no device for that{where}.")
    return found
