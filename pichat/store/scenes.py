"""Scenes, and what devices hold of them."""

from __future__ import annotations

import msgspec

from pichat.events import Scene, State
from pichat.store.db import Database
from pichat.store.groups import Member


class KeptScenes:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[tuple[int, Scene]]:
        """Each with the number that devices know it by; by name."""
        rows = await self._database.read(
            "SELECT number, id, name, states, transition_s, area FROM scenes ORDER BY lower(name)"
        )
        return [
            (
                number,
                Scene(
                    id=scene_id,
                    name=name,
                    states=msgspec.json.decode(states, type=dict[str, dict[str, State]]),
                    transition_s=transition_s,
                    area=area,
                ),
            )
            for number, scene_id, name, states, transition_s, area in rows
        ]

    async def save(self, number: int, scene: Scene) -> None:
        await self._database.write(
            "INSERT INTO scenes (id, number, name, states, transition_s, area)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name,"
            " states = excluded.states, transition_s = excluded.transition_s, area = excluded.area",
            (
                scene.id,
                number,
                scene.name,
                msgspec.json.encode(scene.states).decode(),
                scene.transition_s,
                scene.area,
            ),
        )

    async def forget(self, scene_id: str) -> None:
        await self._database.write("DELETE FROM scenes WHERE id = ?", (scene_id,))

    # --- on the devices --------------------------------------------------------------------------

    async def stored(self) -> dict[tuple[int, Member], str]:
        """The digest of what each device holds of a scene; empty where that is not known."""
        rows = await self._database.read(
            "SELECT number, device_id, endpoint, digest FROM zigbee_scenes"
        )
        return {(number, (device, endpoint)): digest for number, device, endpoint, digest in rows}

    async def save_stored(self, number: int, member: Member, digest: str) -> None:
        await self._database.write(
            "INSERT INTO zigbee_scenes (number, device_id, endpoint, digest) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (number, device_id, endpoint) DO UPDATE SET digest = excluded.digest",
            (number, *member, digest),
        )

    async def forget_stored(self, number: int, member: Member) -> None:
        await self._database.write(
            "DELETE FROM zigbee_scenes WHERE number = ? AND device_id = ? AND endpoint = ?",
            (number, *member),
        )

    async def forget_device(self, device_id: str) -> None:
        await self._database.write("DELETE FROM zigbee_scenes WHERE device_id = ?", (device_id,))
