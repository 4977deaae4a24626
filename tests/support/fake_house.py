"""A hand-written implementation of tools.base.House, for tests that need no radio."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from msgspec import structs

from pichat.errors import DeviceSilentError, NotFoundError, PiChatError, attempt
from pichat.events import Capability, Device, DeviceGroup, Kind, Scene, State


def device(
    name: str,
    area: str,
    kind: Kind,
    state: dict[str, State],
    *writable: str,
) -> Device:
    return Device(
        id=f"id of {name}",
        name=name,
        area=area,
        kind=kind,
        manufacturer="Test",
        model="Test",
        capabilities=tuple(Capability(name=c, writable=c in writable) for c in state),
        state=state,
        available=True,
        last_seen_s=None,
    )


class FakeHouse:
    """Confirms what it is told, unless the device is in `silent`."""

    def __init__(self, *devices: Device) -> None:
        self._devices = {each.id: each for each in devices}
        self.silent: set[str] = set()
        self.made: dict[str, DeviceGroup] = {}
        self.staged: dict[str, Scene] = {}

    def devices(self) -> tuple[Device, ...]:
        return tuple(self._devices.values())

    def _answering(self, device_id: str) -> Device:
        found = self._devices.get(device_id)
        if found is None:
            raise NotFoundError("There is no such device.")
        if found.name in self.silent:
            raise DeviceSilentError(f"The {found.name} does not answer.")
        return found

    async def set(
        self,
        device_id: str,
        capability: str,
        value: State,
        *,
        transition_s: float | None = None,
    ) -> State:
        found = self._answering(device_id)
        state = {**found.state, capability: value}
        self._devices[device_id] = structs.replace(found, state=state)
        return value

    async def set_many(
        self,
        device_ids: Sequence[str],
        capability: str,
        value: State,
        *,
        transition_s: float | None = None,
    ) -> dict[str, State | PiChatError]:
        results = await asyncio.gather(
            *(
                attempt(self.set(each, capability, value, transition_s=transition_s))
                for each in device_ids
            )
        )
        return dict(zip(device_ids, results, strict=True))

    async def read(self, device_id: str, capability: str) -> State:
        return self._answering(device_id).state[capability]

    def groups(self) -> tuple[DeviceGroup, ...]:
        return tuple(self.made.values())

    def scenes(self) -> tuple[Scene, ...]:
        return tuple(self.staged.values())

    async def activate(
        self, scene_id: str, transition_s: float | None = None
    ) -> dict[tuple[str, str], State | PiChatError]:
        if scene_id not in self.staged:
            raise NotFoundError("There is no such scene.")
        return {
            (device_id, name): await attempt(
                self.set(device_id, name, value, transition_s=transition_s)
            )
            for device_id, states in self.staged[scene_id].states.items()
            for name, value in states.items()
        }


def small_house() -> FakeHouse:
    return FakeHouse(
        device("kitchen light", "Kitchen", "light", {"on_off": False, "brightness": 50}, "on_off"),
        device("hallway light", "Hallway", "light", {"on_off": True}, "on_off"),
        device("office plug", "Office", "plug", {"on_off": True, "power": 3.5}, "on_off"),
        device("bathroom sensor", "Bathroom", "sensor", {"temperature": 21.5}),
    )
