"""Scenes: made by people, kept here, stored on the devices where that saves radio time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import uuid4

from msgspec import structs

from pichat.bus import Bus
from pichat.errors import BadRequestError, NotFoundError
from pichat.events import Device, Scene, ScenesChanged, State
from pichat.store.scenes import KeptScenes
from pichat.zigbee.converter import check_value
from pichat.zigbee.groups.words import check_name
from pichat.zigbee.roster import Roster
from pichat.zigbee.view import DeviceView

if TYPE_CHECKING:
    from zigpy.device import ZigbeeDevice

NUMBERS = range(1, 255)
"""What devices know scenes by; the last ones have a meaning of their own to some."""
LONGEST_TRANSITION_S = 3600.0

_NOT_CAPTURED = frozenset({"lock", "siren"})
"""What nobody means by “as it is now”. It can be in a scene that says so."""

States = Mapping[str, Mapping[str, State]]


class Scenes:
    """One of the roster's memories. Publishes ScenesChanged at every change."""

    def __init__(self, store: KeptScenes, roster: Roster, bus: Bus) -> None:
        self._store = store
        self._roster = roster
        self._bus = bus
        self._scenes: dict[int, Scene] = {}

    async def load(self) -> None:
        self._scenes = dict(await self._store.all())
        self._tell()

    def recall(self, view: DeviceView, device: ZigbeeDevice) -> None:
        """A scene is none of a device's own memories."""

    def all(self) -> tuple[Scene, ...]:
        """By name."""
        return tuple(sorted(self._scenes.values(), key=lambda scene: scene.name.casefold()))

    def numbered(self) -> Mapping[int, Scene]:
        return self._scenes

    def find(self, scene_id: str) -> tuple[int, Scene]:
        """Its number, and the scene. Raises NotFoundError."""
        for number, scene in self._scenes.items():
            if scene.id == scene_id:
                return number, scene
        raise NotFoundError(f"There is no scene {scene_id}.")

    async def create(
        self,
        name: str,
        *,
        states: States | None = None,
        device_ids: Sequence[str] | None = None,
        area: str | None = None,
        transition_s: float = 0.0,
    ) -> Scene:
        """With `states` as given, else as the devices are now: those named, or the room's. Raises
        BadRequestError, NotFoundError, UnsupportedError for a state that a device cannot have, and
        UnavailableError."""
        number = next((each for each in NUMBERS if each not in self._scenes), None)
        if number is None:
            raise BadRequestError(f"There are {len(NUMBERS)} scenes already; delete one first.")
        scene = Scene(
            id=uuid4().hex[:12],
            name=self._name(name),
            states=self._checked(states) if states else self._captured(device_ids, area),
            transition_s=_transition(transition_s),
            area=area,
        )
        return await self._put(number, scene)

    async def update(
        self,
        scene_id: str,
        *,
        name: str | None = None,
        states: States | None = None,
        capture: bool = False,
        transition_s: float | None = None,
    ) -> Scene:
        """Change what is given; with `capture`, its devices as they are now. Raises what `create`
        does."""
        number, scene = self.find(scene_id)
        if name is not None:
            scene = structs.replace(scene, name=self._name(name, scene.name))
        if transition_s is not None:
            scene = structs.replace(scene, transition_s=_transition(transition_s))
        if states is not None:
            scene = structs.replace(scene, states=self._checked(states))
        elif capture:
            scene = structs.replace(scene, states=self._captured(tuple(scene.states), None))
        return await self._put(number, scene)

    async def delete(self, scene_id: str) -> None:
        """Raises NotFoundError and UnavailableError."""
        number, _ = self.find(scene_id)
        await self._store.forget(scene_id)
        del self._scenes[number]
        self._tell()

    async def forget(self, device_id: str) -> None:
        """It is gone from the house; a scene without devices goes with it."""
        for number, scene in list(self._scenes.items()):
            if device_id not in scene.states:
                continue
            left = {key: value for key, value in scene.states.items() if key != device_id}
            if left:
                await self._put(number, structs.replace(scene, states=left))
            else:
                await self.delete(scene.id)

    async def _put(self, number: int, scene: Scene) -> Scene:
        await self._store.save(number, scene)
        self._scenes[number] = scene
        self._tell()
        return scene

    def _tell(self) -> None:
        self._bus.publish(ScenesChanged(scenes=self.all()))

    def _name(self, name: str, own: str | None = None) -> str:
        taken = [scene.name for scene in self._scenes.values() if scene.name != own]
        return check_name("scene", name, taken, self._roster.devices())

    def _checked(self, states: States) -> dict[str, dict[str, State]]:
        found: dict[str, dict[str, State]] = {}
        for device_id, wanted in states.items():
            device = self._roster.view(device_id).device()
            for name, value in wanted.items():
                capability = device.capability(name)
                if capability is None:
                    raise BadRequestError(f"The {device.name} has no {name.replace('_', ' ')}.")
                checked = check_value(capability, value, device.name)
                found.setdefault(device_id, {})[name] = checked
        if not found:
            raise BadRequestError("A scene needs at least one state of one device.")
        return found

    def _captured(
        self, device_ids: Sequence[str] | None, area: str | None
    ) -> dict[str, dict[str, State]]:
        if device_ids:
            devices = [self._roster.view(each).device() for each in device_ids]
        elif area:
            folded = area.casefold()
            devices = [d for d in self._roster.devices() if (d.area or "").casefold() == folded]
        else:
            raise BadRequestError("A scene needs states, devices or a room.")
        found = {device.id: captured(device) for device in devices}
        found = {device_id: states for device_id, states in found.items() if states}
        if not found:
            raise BadRequestError("Nothing there can be set; a scene needs a light or the like.")
        return found


def captured(device: Device) -> dict[str, State]:
    """What of a device's state now is worth bringing back. Of what is off, only that it is off."""
    if device.state.get("on_off") is False and device.capability("on_off"):
        return {"on_off": False}
    return {
        each.name: device.state[each.name]
        for each in device.capabilities
        if each.writable and each.name in device.state and each.name not in _NOT_CAPTURED
    }


def _transition(transition_s: float) -> float:
    if not 0 <= transition_s <= LONGEST_TRANSITION_S:
        raise BadRequestError(f"A transition takes 0 to {LONGEST_TRANSITION_S:g} seconds.")
    return transition_s
