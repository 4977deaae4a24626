"""`pichat mute` and `pichat unmute`: whether the microphone is listened to."""

from __future__ import annotations

from pathlib import Path

import click

from pichat.cli.client import connect
from pichat.cli.context import finish, state_dir_option


async def _set(state_dir: Path, *, muted: bool) -> int:
    async with connect(state_dir) as connection:
        voice = (await connection.ask("set_mute", {"muted": muted}))["voice"]
    if voice["state"] == "deaf":
        click.echo(f"PiChat does not listen anyway: {voice['reason']}", err=True)
        return 1
    click.echo("The microphone is muted." if muted else "PiChat listens again.")
    return 0


@click.command()
@state_dir_option
def mute(*, state_dir: Path) -> None:
    """Do not listen to the microphone until `pichat unmute`, even after a restart."""
    finish(_set(state_dir, muted=True))


@click.command()
@state_dir_option
def unmute(*, state_dir: Path) -> None:
    """Listen to the microphone again."""
    finish(_set(state_dir, muted=False))
