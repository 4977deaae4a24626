"""`pichat zigbee import`: move in from zigbee2mqtt or ZHA, without pairing again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table
from rich.text import Text

from pichat.cli.context import console, finish, state_dir_option
from pichat.cli.zigbee.alone import config_option
from pichat.cli.zigbee.bringing_back import bring_back

if TYPE_CHECKING:
    from pichat.zigbee.backup.imported import Imported


async def _import(
    path: Path, state_dir: Path, config_path: Path | None, *, dry_run: bool, yes: bool
) -> int:
    from pichat.zigbee.backup.open_coordinator import encode
    from pichat.zigbee.backup.recognise import read_installation

    found = await read_installation(path)
    _show(path, found)
    if dry_run:
        return 0
    click.echo("To bring it here:")
    content = await asyncio.to_thread(encode, found.backup)
    code = await bring_back(content, str(path), state_dir, config_path, yes=yes)
    if code == 0:
        click.echo(f"Leave {found.hub} switched off from now on: only one may run the network.")
    return code


def _show(path: Path, found: Imported) -> None:
    network = found.backup.summary()
    click.echo(f"{path} is of {found.hub}.")
    if network.pan_id is not None:
        click.echo(
            f"Its network is 0x{network.pan_id:04x} on channel {network.channel}, of the stick"
            f" {network.coordinator_id}."
        )
    table = Table("Device", "Room", "What it is", box=None, header_style="bold")
    for device in sorted(found.devices, key=lambda each: (each.area or "", each.name or "")):
        cells = (device.name or device.id, device.area or "", device.model)
        table.add_row(*map(Text, cells))
    if found.devices:
        console.print(table)
    for problem in found.problems:
        click.echo(f"! {problem}")


@click.command("import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what it would bring.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@config_option
@state_dir_option
def import_(
    *, path: Path, dry_run: bool, yes: bool, config_path: Path | None, state_dir: Path
) -> None:
    """Bring the network, the devices and their names from zigbee2mqtt or ZHA; none pairs again.

    PATH is zigbee2mqtt's data folder, Home Assistant's configuration folder, a file of theirs
    (coordinator_backup.json, database.db, zigbee.db), or a zip file of them. Stop the other
    program first.
    """
    finish(_import(path, state_dir, config_path, dry_run=dry_run, yes=yes))
