"""`pichat reload`: config.yaml, read again by the running daemon."""

from __future__ import annotations

from pathlib import Path

import click

from pichat.cli.context import finish, state_dir_option
from pichat.cli.zigbee.asking import ask


@click.command()
@state_dir_option
def reload(state_dir: Path) -> None:
    """Have the daemon read config.yaml again, without a restart."""
    finish(_reload(state_dir))


async def _reload(state_dir: Path) -> int:
    reloaded = await ask(state_dir, "reload_config")
    applied, left = reloaded["applied"], reloaded["needs_restart"]
    if applied:
        click.echo(f"Changed: {', '.join(applied)}.")
    if left:
        click.echo(f"These hold after a restart: {', '.join(left)}.")
    if not applied and not left:
        click.echo("Nothing has changed in the file.")
    return 0
