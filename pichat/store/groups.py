"""Groups: those that people made, and those that are kept on the Zigbee devices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from pichat.events import DeviceGroup
from pichat.store.db import Database, Statement

Member = tuple[str, int]
"""A device's id and one of its endpoints."""


class OwnersGroups:
    """What people put together."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[DeviceGroup]:
        """By name."""
        rows = await self._database.read(
            "SELECT id, name, device_ids FROM device_groups ORDER BY lower(name)"
        )
        return [
            DeviceGroup(
                id=group_id,
                name=name,
                device_ids=msgspec.json.decode(device_ids, type=tuple[str, ...]),
            )
            for group_id, name, device_ids in rows
        ]

    async def save(self, group: DeviceGroup) -> None:
        await self._database.write(
            "INSERT INTO device_groups (id, name, device_ids) VALUES (?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE"
            " SET name = excluded.name, device_ids = excluded.device_ids",
            (group.id, group.name, msgspec.json.encode(group.device_ids).decode()),
        )

    async def forget(self, group_id: str) -> None:
        await self._database.write("DELETE FROM device_groups WHERE id = ?", (group_id,))


class ZigbeeMembers:
    """Which Zigbee groups there are, and what each device said of its membership."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def groups(self) -> dict[str, int]:
        """The groups' addresses, by what they stand for."""
        rows = await self._database.read("SELECT key, number FROM zigbee_groups")
        return {str(key): int(number) for key, number in rows}

    async def members(self) -> dict[int, dict[Member, bool]]:
        """By group: who may be in it, and whether the device said so."""
        found: dict[int, dict[Member, bool]] = {}
        for number, device_id, endpoint, confirmed in await self._database.read(
            "SELECT number, device_id, endpoint, confirmed FROM zigbee_members"
        ):
            found.setdefault(number, {})[device_id, endpoint] = bool(confirmed)
        return found

    async def save_groups(self, groups: Mapping[str, int]) -> None:
        """These, and no others."""
        await self._database.write_together(
            [
                ("DELETE FROM zigbee_groups", ()),
                *(
                    ("INSERT INTO zigbee_groups (key, number) VALUES (?, ?)", row)
                    for row in groups.items()
                ),
            ]
        )

    async def save_member(self, member: Member, groups: Mapping[int, bool]) -> None:
        """All that is known of one member: its groups, and whether it said so."""
        await self._database.write_together(
            [
                (
                    "DELETE FROM zigbee_members WHERE device_id = ? AND endpoint = ?",
                    member,
                ),
                *_insert(member, groups.items()),
            ]
        )

    async def forget(self, device_id: str) -> None:
        await self._database.write("DELETE FROM zigbee_members WHERE device_id = ?", (device_id,))


def _insert(member: Member, groups: Iterable[tuple[int, bool]]) -> list[Statement]:
    sql = "INSERT INTO zigbee_members (number, device_id, endpoint, confirmed) VALUES (?, ?, ?, ?)"
    return [(sql, (number, *member, int(confirmed))) for number, confirmed in groups]
