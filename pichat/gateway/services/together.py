"""What the actions need of groups and scenes."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from pichat.events import DeviceGroup, Scene, State


class Groups(Protocol):
    """Groups that people make. Changes raise BadRequestError for a name or members that cannot be,
    NotFoundError, and UnavailableError."""

    def all(self) -> tuple[DeviceGroup, ...]: ...

    async def create(self, name: str, device_ids: Sequence[str]) -> DeviceGroup: ...

    async def update(
        self, group_id: str, *, name: str | None = None, device_ids: Sequence[str] | None = None
    ) -> DeviceGroup: ...

    async def delete(self, group_id: str) -> None: ...


class Scenes(Protocol):
    """Changes raise BadRequestError for a name or states that cannot be, UnsupportedError for a
    state that a device cannot have, NotFoundError, and UnavailableError."""

    def all(self) -> tuple[Scene, ...]: ...

    async def create(
        self,
        name: str,
        *,
        states: Mapping[str, Mapping[str, State]] | None = None,
        device_ids: Sequence[str] | None = None,
        area: str | None = None,
        transition_s: float = 0.0,
    ) -> Scene:
        """With the states given, else as the devices or those of the room are now."""
        ...

    async def update(
        self,
        scene_id: str,
        *,
        name: str | None = None,
        states: Mapping[str, Mapping[str, State]] | None = None,
        capture: bool = False,
        transition_s: float | None = None,
    ) -> Scene:
        """With `capture`, its devices as they are now."""
        ...

    async def delete(self, scene_id: str) -> None: ...
