"""Groups of devices that people make."""

from typing import Annotated

import msgspec

from pichat.events import DeviceGroup
from pichat.gateway.context import Context
from pichat.gateway.registry import action

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
DeviceIds = Annotated[tuple[Id, ...], msgspec.Meta(min_length=1, max_length=256)]


class GetGroups(msgspec.Struct, frozen=True, kw_only=True):
    pass


class Groups(msgspec.Struct, frozen=True, kw_only=True):
    groups: tuple[DeviceGroup, ...]


class CreateGroup(msgspec.Struct, frozen=True, kw_only=True):
    name: Name
    device_ids: DeviceIds


class UpdateGroup(msgspec.Struct, frozen=True, kw_only=True):
    """What is left out stays as it is; `device_ids` are all members."""

    group_id: Id
    name: Name | None = None
    device_ids: DeviceIds | None = None


class DeleteGroup(msgspec.Struct, frozen=True, kw_only=True):
    group_id: Id


class Group(msgspec.Struct, frozen=True, kw_only=True):
    group: DeviceGroup


class Deleted(msgspec.Struct, frozen=True, kw_only=True):
    group_id: str


@action("get_groups", needs="guest")
def get_groups(context: Context, payload: GetGroups) -> Groups:  # noqa: ARG001
    """List the groups that people made. The name of one can be said, and is a device's name to the
    tools; what is kept on the devices for that is of no concern."""
    return Groups(groups=context.services.groups.all())


@action(
    "create_group",
    needs="screen",
    reply="group_created",
    example={"name": "Reading corner", "device_ids": ["00:12:4b:00:00:00:00:01"]},
)
async def create_group(context: Context, payload: CreateGroup) -> Group:
    """Put devices together under a name that nothing else in the house has."""
    group = await context.services.groups.create(payload.name, payload.device_ids)
    return Group(group=group)


@action(
    "update_group",
    needs="screen",
    reply="group_updated",
    example={"group_id": "1f0c", "name": "Reading corner"},
)
async def update_group(context: Context, payload: UpdateGroup) -> Group:
    """Give a group another name or other devices."""
    group = await context.services.groups.update(
        payload.group_id, name=payload.name, device_ids=payload.device_ids
    )
    return Group(group=group)


@action("delete_group", needs="screen", reply="group_deleted", example={"group_id": "1f0c"})
async def delete_group(context: Context, payload: DeleteGroup) -> Deleted:
    """Take a group apart. Its devices stay."""
    await context.services.groups.delete(payload.group_id)
    return Deleted(group_id=payload.group_id)
