"""What else than devices has a name: groups, as if each were one device, and scenes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pichat.events import Capability, Device, DeviceGroup, Kind, Scene, State

GROUP, SCENE = "group:", "scene:"
"""How the ids of those begin that stand for no single device."""

SCENE_CAPABILITY = "scene"
_KINDS: tuple[Kind, ...] = ("light", "cover", "plug", "switch", "fan", "thermostat")
"""What a group of several kinds is called: by the first of these that is in it."""


def with_others(
    devices: Sequence[Device], groups: Iterable[DeviceGroup], scenes: Iterable[Scene]
) -> tuple[Device, ...]:
    """The devices, and what else can be named in a sentence."""
    by_id = {device.id: device for device in devices}
    found = [*devices]
    found += [
        _as_device(group, members)
        for group in groups
        if (members := [by_id[each] for each in group.device_ids if each in by_id])
    ]
    found += [_named(SCENE + scene.id, scene.name, "switch", SCENE_CAPABILITY) for scene in scenes]
    return tuple(found)


def real(devices: Iterable[Device]) -> list[Device]:
    """Only what is a device."""
    return [device for device in devices if not device.id.startswith((GROUP, SCENE))]


def groups_in(devices: Iterable[Device]) -> list[Device]:
    return [device for device in devices if device.id.startswith(GROUP)]


def scenes_in(devices: Iterable[Device]) -> list[Device]:
    return [device for device in devices if device.id.startswith(SCENE)]


def _as_device(group: DeviceGroup, members: Sequence[Device]) -> Device:
    capabilities = {
        capability.name: capability for each in members for capability in each.capabilities
    }
    kinds = {each.kind for each in members}
    kind = next((each for each in _KINDS if each in kinds), members[0].kind)
    return Device(
        id=GROUP + group.id,
        name=group.name,
        area=None,
        kind=kind,
        manufacturer="",
        model="",
        capabilities=tuple(capabilities.values()),
        state=_state(members),
        available=any(each.available for each in members),
        last_seen_s=None,
    )


def _state(members: Sequence[Device]) -> dict[str, State]:
    """What sentences that change a state by a step begin from: the first that can tell."""
    found: dict[str, State] = {}
    for each in members:
        if each.available:
            found = {**each.state, **found}
    if any(each.state.get("on_off") is True for each in members):
        found["on_off"] = True
    return found


def _named(device_id: str, name: str, kind: Kind, capability: str) -> Device:
    return Device(
        id=device_id,
        name=name,
        area=None,
        kind=kind,
        manufacturer="",
        model="",
        capabilities=(Capability(name=capability, writable=True),),
        state={},
        available=True,
        last_seen_s=None,
    )
