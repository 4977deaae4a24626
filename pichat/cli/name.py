"""`pichat name DEVICE`: what people call a device, and where it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pichat.cli.client import connect, find_device
from pichat.cli.context import finish, state_dir_option


async def _name(state_dir: Path, device: str, changes: dict[str, Any]) -> int:
    async with connect(state_dir) as connection:
        found = await find_device(connection, device)
        answer = await connection.ask("update_device", {"device_id": found["id"], **changes})
    named = answer["device"]
    asks = " It asks before it opens or changes." if named["confirm"] else ""
    click.echo(f"{named['name']} is in {named['area'] or 'no room'}.{asks}")
    return 0


@click.command()
@click.argument("device")
@click.argument("new_name", required=False)
@click.option("--room", help="The room that it is in.")
@click.option("--ask/--no-ask", default=None, help="Whether somebody has to say yes first.")
@state_dir_option
def name(
    *, device: str, new_name: str | None, room: str | None, ask: bool | None, state_dir: Path
) -> None:
    """Give DEVICE (its name or address) a NEW_NAME or a room, or have it ask before it is opened or
    changed."""
    changes = {"name": new_name, "area": room, "confirm": ask}
    given = {key: value for key, value in changes.items() if value is not None}
    if not given:
        raise click.UsageError("Say a new name, a --room or --ask.")
    finish(_name(state_dir, device, given))
