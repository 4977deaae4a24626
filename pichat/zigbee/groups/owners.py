"""Groups that people put together and name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import uuid4

from msgspec import structs

from pichat.bus import Bus
from pichat.errors import BadRequestError, NotFoundError
from pichat.events import DeviceGroup, GroupsChanged
from pichat.store.groups import OwnersGroups
from pichat.zigbee.groups.words import check_name
from pichat.zigbee.roster import Roster
from pichat.zigbee.view import DeviceView

if TYPE_CHECKING:
    from zigpy.device import ZigbeeDevice

MOST_GROUPS = 64


class Groups:
    """One of the roster's memories. Publishes GroupsChanged at every change."""

    def __init__(self, store: OwnersGroups, roster: Roster, bus: Bus) -> None:
        self._store = store
        self._roster = roster
        self._bus = bus
        self._groups: dict[str, DeviceGroup] = {}

    async def load(self) -> None:
        self._groups = {group.id: group for group in await self._store.all()}
        self._tell()

    def recall(self, view: DeviceView, device: ZigbeeDevice) -> None:
        """A group is none of a device's own memories."""

    def all(self) -> tuple[DeviceGroup, ...]:
        """By name."""
        return tuple(sorted(self._groups.values(), key=lambda group: group.name.casefold()))

    async def create(self, name: str, device_ids: Sequence[str]) -> DeviceGroup:
        """Raises BadRequestError, NotFoundError for a device, and UnavailableError."""
        if len(self._groups) >= MOST_GROUPS:
            raise BadRequestError(f"There are {MOST_GROUPS} groups already; delete one first.")
        group = DeviceGroup(
            id=uuid4().hex[:12], name=self._name(name), device_ids=self._members(device_ids)
        )
        return await self._put(group)

    async def update(
        self, group_id: str, *, name: str | None = None, device_ids: Sequence[str] | None = None
    ) -> DeviceGroup:
        """Change what is given. Raises what `create` does, and NotFoundError for the group."""
        group = self._group(group_id)
        if name is not None:
            group = structs.replace(group, name=self._name(name, group.name))
        if device_ids is not None:
            group = structs.replace(group, device_ids=self._members(device_ids))
        return await self._put(group)

    async def delete(self, group_id: str) -> None:
        """Raises NotFoundError and UnavailableError."""
        self._group(group_id)
        await self._store.forget(group_id)
        del self._groups[group_id]
        self._tell()

    async def forget(self, device_id: str) -> None:
        """It is gone from the house; a group without devices goes with it."""
        for group in [g for g in self.all() if device_id in g.device_ids]:
            left = tuple(each for each in group.device_ids if each != device_id)
            if left:
                await self._put(structs.replace(group, device_ids=left))
            else:
                await self.delete(group.id)

    async def _put(self, group: DeviceGroup) -> DeviceGroup:
        await self._store.save(group)
        self._groups[group.id] = group
        self._tell()
        return group

    def _tell(self) -> None:
        self._bus.publish(GroupsChanged(groups=self.all()))

    def _group(self, group_id: str) -> DeviceGroup:
        found = self._groups.get(group_id)
        if found is None:
            raise NotFoundError(f"There is no group {group_id}.")
        return found

    def _name(self, name: str, own: str | None = None) -> str:
        taken = [group.name for group in self._groups.values() if group.name != own]
        return check_name("group", name, taken, self._roster.devices())

    def _members(self, device_ids: Sequence[str]) -> tuple[str, ...]:
        found = tuple(dict.fromkeys(self._roster.view(each).id for each in device_ids))
        if not found:
            raise BadRequestError("A group needs at least one device.")
        return found
