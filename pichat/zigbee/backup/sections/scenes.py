"""Scenes, with the numbers that devices know them by."""

from __future__ import annotations

from typing import Any

import msgspec

from pichat.events import Scene
from pichat.store.db import Database
from pichat.store.scenes import KeptScenes
from pichat.zigbee.backup.sections.base import section


@section
class Scenes:
    """What devices hold of them is found out anew."""

    name = "scenes"

    async def collect(self, database: Database) -> Any:
        return msgspec.to_builtins(await KeptScenes(database).all())

    async def restore(self, database: Database, data: Any) -> None:
        wanted = msgspec.convert(data, list[tuple[int, Scene]])
        store = KeptScenes(database)
        kept = {scene.id: number for number, scene in wanted}
        # A number may have gone to another scene meanwhile.
        for number, scene in await store.all():
            if kept.get(scene.id) != number:
                await store.forget(scene.id)
        for number, scene in wanted:
            await store.save(number, scene)
