"""`pichat zigbee remove`: let a device go."""

from __future__ import annotations

from pathlib import Path

import click

from pichat.cli.context import finish, state_dir_option
from pichat.cli.zigbee.asking import ask, device_argument


async def _remove(state_dir: Path, device: str, *, force: bool, yes: bool) -> int:
    if not yes and not click.confirm(f"Remove {device}? It has to be paired again to come back."):
        return 1
    gone = await ask(state_dir, "remove_device", device_id=device, force=force, source="shell")
    if gone["left"]:
        click.echo(f"The {gone['name']} left the network.")
    else:
        click.echo(f"The {gone['name']} is forgotten here. If it comes back, reset it first.")
    return 0


@click.command()
@device_argument
@click.option("--force", is_flag=True, help="It is gone: forget it without its answer.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@state_dir_option
def remove(device: str, *, force: bool, yes: bool, state_dir: Path) -> None:
    """Have DEVICE (a name or an id) leave the network, and forget it."""
    finish(_remove(state_dir, device, force=force, yes=yes))
