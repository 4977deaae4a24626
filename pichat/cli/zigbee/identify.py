"""`pichat zigbee identify`: have a device show which it is."""

from __future__ import annotations

from pathlib import Path

import click

from pichat.cli.context import finish, state_dir_option
from pichat.cli.zigbee.asking import ask, device_argument


async def _identify(state_dir: Path, device: str, seconds: int) -> int:
    told = await ask(
        state_dir, "identify_device", device_id=device, duration_s=seconds, source="shell"
    )
    what = f"shows itself for {seconds} s" if seconds else "stops showing itself"
    click.echo(f"The {told['name']} {what}.")
    return 0


@click.command()
@device_argument
@click.option("--seconds", type=click.IntRange(0, 3600), default=5, show_default=True)
@state_dir_option
def identify(device: str, *, seconds: int, state_dir: Path) -> None:
    """Have DEVICE blink or beep. 0 seconds end it."""
    finish(_identify(state_dir, device, seconds))
