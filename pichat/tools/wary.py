"""The house as a visitor or a child meets it: what guards it is marked, whether its owner marked it
or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import structs

if TYPE_CHECKING:
    from pichat.errors import PiChatError
    from pichat.events import Device, DeviceGroup, Kind, Scene, State
    from pichat.tools.house import House

_GUARDED: frozenset[Kind] = frozenset({"lock", "siren"})


class WaryHouse:
    """Implements tools.base.House over another one."""

    def __init__(self, house: House) -> None:
        self._house = house

    def devices(self) -> tuple[Device, ...]:
        """See House."""
        return tuple(
            structs.replace(device, confirm=True) if device.kind in _GUARDED else device
            for device in self._house.devices()
        )

    async def set(
        self, device_id: str, capability: str, value: State, *, transition_s: float | None = None
    ) -> State:
        """See House."""
        return await self._house.set(device_id, capability, value, transition_s=transition_s)

    async def set_many(
        self,
        device_ids: Sequence[str],
        capability: str,
        value: State,
        *,
        transition_s: float | None = None,
    ) -> Mapping[str, State | PiChatError]:
        """See House."""
        return await self._house.set_many(device_ids, capability, value, transition_s=transition_s)

    async def read(self, device_id: str, capability: str) -> State:
        """See House."""
        return await self._house.read(device_id, capability)

    def groups(self) -> tuple[DeviceGroup, ...]:
        """See House."""
        return self._house.groups()

    def scenes(self) -> tuple[Scene, ...]:
        """See House."""
        return self._house.scenes()

    async def activate(
        self, scene_id: str, transition_s: float | None = None
    ) -> Mapping[tuple[str, str], State | PiChatError]:
        """See House."""
        return await self._house.activate(scene_id, transition_s)
