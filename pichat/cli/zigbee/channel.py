"""`pichat zigbee channel`: move the network to another channel."""

from __future__ import annotations

from pathlib import Path

import click

from pichat.cli.client import connect
from pichat.cli.context import finish, state_dir_option


async def _channel(state_dir: Path, channel: int, *, yes: bool) -> int:
    async with connect(state_dir) as connection:
        plan = (await connection.ask("change_channel", {"channel": channel}))["plan"]
        for sentence in plan["meaning"]:
            click.echo(sentence)
        if not yes and not click.confirm(f"Move to channel {channel}?"):
            return 1
        payload = {"channel": channel, "confirm": True, "source": "shell"}
        moved = (await connection.ask("change_channel", payload))["changed"]
    click.echo(
        f"The network is on channel {moved['channel']}. {moved['answering']} devices came along."
    )
    if moved["silent"]:
        click.echo(f"Not found yet: {', '.join(moved['silent'])}. Switch them off and on.")
    if moved["asleep"]:
        click.echo(f"They follow when they wake: {', '.join(moved['asleep'])}.")
    return 0


@click.command()
@click.argument("channel", type=click.IntRange(11, 26))
@click.option("--yes", is_flag=True, help="Do not ask.")
@state_dir_option
def channel(channel: int, *, yes: bool, state_dir: Path) -> None:
    """Move the network to CHANNEL, after saying what that means."""
    finish(_channel(state_dir, channel, yes=yes))
