"""What tools need of the hub."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from pichat.errors import PiChatError
from pichat.events import Device, DeviceGroup, Scene, State


class House(Protocol):
    """Changes raise what `set` raises."""

    def devices(self) -> tuple[Device, ...]: ...

    async def set(
        self,
        device_id: str,
        capability: str,
        value: State,
        *,
        transition_s: float | None = None,
    ) -> State:
        """Command the device and return the state that it confirmed. A light takes `transition_s`
        to get there; when that is more than LONG_TRANSITION_S, it has only accepted, and the state
        is that of now. Raises DeviceSilentError, NotConfirmedError, UnsupportedError,
        UnavailableError, NotFoundError, or WaitingError when it sleeps."""
        ...

    async def set_many(
        self,
        device_ids: Sequence[str],
        capability: str,
        value: State,
        *,
        transition_s: float | None = None,
    ) -> Mapping[str, State | PiChatError]:
        """Command several devices at once: what each confirmed, or what `set` would raise."""
        ...

    async def read(self, device_id: str, capability: str) -> State:
        """The device's own value, asked now, or the reported one where the device sleeps."""
        ...

    def groups(self) -> tuple[DeviceGroup, ...]:
        """Those that people made."""
        ...

    def scenes(self) -> tuple[Scene, ...]: ...

    async def activate(
        self, scene_id: str, transition_s: float | None = None
    ) -> Mapping[tuple[str, str], State | PiChatError]:
        """Take up a scene, in its own time or in another: what came of each of its states, by the
        device's id and the capability. Raises NotFoundError."""
        ...
