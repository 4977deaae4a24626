"""`pichat zigbee neighbours`: whom one device hears."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from pichat.cli.context import console, finish, json_option, state_dir_option
from pichat.cli.zigbee.asking import ask, device_argument, print_json


async def _neighbours(state_dir: Path, device: str, *, as_json: bool) -> int:
    heard = await ask(state_dir, "get_neighbours", device_id=device)
    if as_json:
        print_json(heard)
        return 0
    table = Table("Neighbour", "Type", "Relation", "LQI", "Depth", box=None, header_style="bold")
    for one in heard["neighbours"]:
        cells = (one["name"], one["type"].replace("_", " "), one["relation"].replace("_", " "))
        table.add_row(*map(Text, (*cells, str(one["lqi"]), str(one["depth"]))))
    console.print(table if heard["neighbours"] else f"The {heard['name']} hears nobody.")
    return 0


@click.command()
@device_argument
@json_option
@state_dir_option
def neighbours(device: str, *, as_json: bool, state_dir: Path) -> None:
    """Ask DEVICE (a name, an id, or “coordinator”) whom it hears and how well (0 to 255)."""
    finish(_neighbours(state_dir, device, as_json=as_json))
