"""Names, rooms, and which devices ask first."""

from __future__ import annotations

from typing import Any

import msgspec

from pichat.store.db import Database
from pichat.store.devices import DeviceNames
from pichat.zigbee.backup.sections.base import section


class KeptDevice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Its name, its room, and whether to ask first, where somebody said so."""

    name: str
    area: str | None = None
    confirm: bool | None = None


@section
class Devices:
    """By the device's id."""

    name = "devices"

    async def collect(self, database: Database) -> Any:
        store = DeviceNames(database)
        marks = await store.marks()
        return {
            id_: msgspec.to_builtins(KeptDevice(name=name, area=area, confirm=marks.get(id_)))
            for id_, (name, area) in sorted((await store.all()).items())
        }

    async def restore(self, database: Database, data: Any) -> None:
        wanted = msgspec.convert(data, dict[str, KeptDevice])
        store = DeviceNames(database)
        marks = await store.marks()
        for id_, device in wanted.items():
            if device.confirm is not None:
                await store.save_mark(id_, device.confirm)
            elif id_ in marks:
                await store.forget(id_)
            await store.save(id_, device.name, device.area)
        for id_ in await store.all():
            if id_ not in wanted:
                await store.forget(id_)
