"""`pichat zigbee backups`: those that there are."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.table import Table
from rich.text import Text

from pichat.cli.client import connect
from pichat.cli.context import console, finish, json_option, state_dir_option
from pichat.cli.zigbee.alone import is_running
from pichat.zigbee.backup.listing import stored
from pichat.zigbee.backup.rotate import Shelf


def _row(backup: dict[str, Any]) -> tuple[str, ...]:
    made = datetime.fromtimestamp(backup["made_s"], UTC).astimezone().strftime("%Y-%m-%d %H:%M")
    if backup["problem"]:
        return backup["name"], made, "", backup["problem"], ""
    network = "none"
    if backup["pan_id"] is not None:
        network = f"0x{backup['pan_id']:04x}, channel {backup['channel']}"
    devices = str(backup["devices"]) if backup["complete"] else f"{backup['devices']} (addresses)"
    return backup["name"], made, devices, network, backup["coordinator_id"] or ""


def table_of(backups: list[dict[str, Any]]) -> Table:
    table = Table(box=None, header_style="bold")
    table.add_column("Backup", no_wrap=True)  # somebody has to type it
    for heading in ("Made", "Devices", "Network", "Stick"):
        table.add_column(heading)
    for backup in backups:
        table.add_row(*map(Text, _row(backup)))
    return table


async def _backups(state_dir: Path, *, as_json: bool) -> int:
    if is_running(state_dir):
        async with connect(state_dir) as connection:
            found = (await connection.ask("get_backups", {}))["backups"]
    else:
        listed = await asyncio.to_thread(stored, Shelf(state_dir / "backups"))
        found = msgspec.to_builtins(listed)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return 0
    console.print(table_of(found) if found else "There is no backup yet.")
    return 0


@click.command()
@json_option
@state_dir_option
def backups(*, as_json: bool, state_dir: Path) -> None:
    """List the backups, the newest first."""
    finish(_backups(state_dir, as_json=as_json))
