"""`pichat join`: let new devices into the house's network."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from pichat.cli.client import connect
from pichat.cli.context import finish, state_dir_option


async def _join(state_dir: Path, seconds: int) -> int:
    async with connect(state_dir) as connection:
        await connection.ask("subscribe", {"topics": ["devices"]})
        await connection.ask("permit_join", {"duration_s": seconds})
        click.echo(f"For {seconds} s devices may join: put the new one into pairing mode.")
        joined = 0
        try:
            async with asyncio.timeout(seconds):
                async for frame in connection.frames():
                    if frame["action"] == "device_added":
                        joined += 1
                        click.echo(f"joined: {frame['payload']['device']['name']}")
        except TimeoutError:
            pass
    if not joined:
        click.echo("Nothing joined. Hold the new device close to the stick and try again.")
    return 0 if joined else 1


@click.command()
@click.option("--seconds", type=click.IntRange(1, 254), default=120, show_default=True)
@state_dir_option
def join(*, seconds: int, state_dir: Path) -> None:
    """Let new devices join for a while, and print each that did. Exit code 1 when none did."""
    finish(_join(state_dir, seconds))
