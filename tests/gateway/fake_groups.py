"""Groups and scenes of a house without a radio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import structs

from pichat.errors import NotFoundError
from pichat.events import DeviceGroup, Scene, State
from tests.support.fake_house import FakeHouse


class FakeGroups:
    """Implements services.Groups on the house's own."""

    def __init__(self, house: FakeHouse) -> None:
        self._house = house

    def all(self) -> tuple[DeviceGroup, ...]:
        return self._house.groups()

    async def create(self, name: str, device_ids: Sequence[str]) -> DeviceGroup:
        group = DeviceGroup(id=f"g{len(self.all())}", name=name, device_ids=tuple(device_ids))
        self._house.made[group.id] = group
        return group

    async def update(
        self, group_id: str, *, name: str | None = None, device_ids: Sequence[str] | None = None
    ) -> DeviceGroup:
        group = self._found(group_id)
        group = structs.replace(
            group, name=name or group.name, device_ids=tuple(device_ids or group.device_ids)
        )
        self._house.made[group_id] = group
        return group

    async def delete(self, group_id: str) -> None:
        del self._house.made[self._found(group_id).id]

    def _found(self, group_id: str) -> DeviceGroup:
        if group_id not in self._house.made:
            raise NotFoundError(f"There is no group {group_id}.")
        return self._house.made[group_id]


States = Mapping[str, Mapping[str, State]]


class FakeScenes:
    """Implements services.Scenes on the house's own."""

    def __init__(self, house: FakeHouse) -> None:
        self._house = house

    def all(self) -> tuple[Scene, ...]:
        return self._house.scenes()

    async def create(
        self,
        name: str,
        *,
        states: States | None = None,
        device_ids: Sequence[str] | None = None,
        area: str | None = None,
        transition_s: float = 0.0,
    ) -> Scene:
        ids = device_ids or [d.id for d in self._house.devices() if d.area == area]
        found = {each: dict(wanted) for each, wanted in (states or self._now(ids)).items()}
        scene = Scene(
            id=f"s{len(self.all())}", name=name, states=found, transition_s=transition_s, area=area
        )
        self._house.staged[scene.id] = scene
        return scene

    async def update(
        self,
        scene_id: str,
        *,
        name: str | None = None,
        states: States | None = None,
        capture: bool = False,
        transition_s: float | None = None,
    ) -> Scene:
        scene = self._found(scene_id)
        wanted = states or (self._now(list(scene.states)) if capture else scene.states)
        scene = structs.replace(
            scene,
            name=name or scene.name,
            states={each: dict(one) for each, one in wanted.items()},
            transition_s=scene.transition_s if transition_s is None else transition_s,
        )
        self._house.staged[scene_id] = scene
        return scene

    async def delete(self, scene_id: str) -> None:
        del self._house.staged[self._found(scene_id).id]

    def _now(self, ids: Sequence[str]) -> States:
        return {
            device.id: {"on_off": device.state["on_off"]}
            for device in self._house.devices()
            if device.id in ids and "on_off" in device.state
        }

    def _found(self, scene_id: str) -> Scene:
        if scene_id not in self._house.staged:
            raise NotFoundError(f"There is no scene {scene_id}.")
        return self._house.staged[scene_id]
