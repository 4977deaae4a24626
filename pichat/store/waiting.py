"""Commands that wait until the device wakes that they are for."""

from __future__ import annotations

import msgspec

from pichat.events import State
from pichat.store.db import Database


class WaitingCommand(msgspec.Struct, frozen=True, kw_only=True):
    """`until_s`: when it is given up, in seconds since the epoch."""

    device_id: str
    capability: str
    value: State
    until_s: float


class WaitingCommands:
    """At most one for each capability of a device. Changes raise UnavailableError when they cannot
    be kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[WaitingCommand]:
        """Those that end first come first."""
        rows = await self._database.read(
            "SELECT device_id, capability, value, until_s FROM waiting_commands ORDER BY until_s"
        )
        return [
            WaitingCommand(
                device_id=device_id,
                capability=capability,
                value=msgspec.json.decode(value, type=State),
                until_s=until_s,
            )
            for device_id, capability, value, until_s in rows
        ]

    async def keep(self, command: WaitingCommand) -> None:
        """It takes the place of an older one for the same capability."""
        await self._database.write(
            "INSERT INTO waiting_commands (device_id, capability, value, until_s)"
            " VALUES (?, ?, ?, ?) ON CONFLICT (device_id, capability)"
            " DO UPDATE SET value = excluded.value, until_s = excluded.until_s",
            (
                command.device_id,
                command.capability,
                msgspec.json.encode(command.value).decode(),
                command.until_s,
            ),
        )

    async def drop(self, device_id: str, capability: str) -> None:
        await self._database.write(
            "DELETE FROM waiting_commands WHERE device_id = ? AND capability = ?",
            (device_id, capability),
        )

    async def forget(self, device_id: str) -> None:
        await self._database.write("DELETE FROM waiting_commands WHERE device_id = ?", (device_id,))
