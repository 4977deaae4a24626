"""Groups that people made, and the addresses that devices know groups by."""

from __future__ import annotations

from typing import Any

import msgspec

from pichat.events import DeviceGroup
from pichat.store.db import Database
from pichat.store.groups import Member, OwnersGroups, ZigbeeMembers
from pichat.zigbee.backup.sections.base import section


class KeptGroups(msgspec.Struct, frozen=True, kw_only=True):
    """`addresses`: the groups on the devices, by what they stand for; `members`: who may be in
    one, by its address."""

    owners: tuple[DeviceGroup, ...] = ()
    addresses: dict[str, int] = {}
    members: dict[int, tuple[Member, ...]] = {}


@section
class Groups:
    name = "groups"

    async def collect(self, database: Database) -> Any:
        zigbee = ZigbeeMembers(database)
        members = await zigbee.members()
        return msgspec.to_builtins(
            KeptGroups(
                owners=tuple(await OwnersGroups(database).all()),
                addresses=dict(sorted((await zigbee.groups()).items())),
                members={number: tuple(sorted(some)) for number, some in sorted(members.items())},
            ),
            str_keys=True,
        )

    async def restore(self, database: Database, data: Any) -> None:
        """Devices are asked anew whether they are in the groups that they may be in."""
        kept = msgspec.convert(data, KeptGroups, strict=False)
        store = OwnersGroups(database)
        for group in kept.owners:
            await store.save(group)
        for group in await store.all():
            if group.id not in {each.id for each in kept.owners}:
                await store.forget(group.id)
        zigbee = ZigbeeMembers(database)
        before = {member for some in (await zigbee.members()).values() for member in some}
        await zigbee.save_groups(kept.addresses)
        possible: dict[Member, dict[int, bool]] = {member: {} for member in before}
        for number, members in kept.members.items():
            for member in members:
                possible.setdefault(member, {})[number] = False
        for member, groups in possible.items():
            await zigbee.save_member(member, groups)
