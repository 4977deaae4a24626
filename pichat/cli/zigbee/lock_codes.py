"""`pichat zigbee lock-codes`: which code slots of a lock are in use."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from pichat.cli.context import console, finish, json_option, state_dir_option
from pichat.cli.zigbee.asking import ask, device_argument, print_json


async def _lock_codes(state_dir: Path, device: str, *, as_json: bool) -> int:
    told = await ask(state_dir, "get_lock_codes", device_id=device)
    if as_json:
        print_json(told)
        return 0
    if not told["codes"]:
        console.print(f"None of the {told['slots']} code slots is in use.")
        return 0
    table = Table("Slot", "Status", "For", box=None, header_style="bold")
    for code in told["codes"]:
        table.add_row(str(code["slot"]), code["status"], code["kind"])
    console.print(table)
    console.print(f"{len(told['codes'])} of {told['slots']} slots are in use.")
    return 0


@click.command()
@device_argument
@json_option
@state_dir_option
def lock_codes(device: str, *, as_json: bool, state_dir: Path) -> None:
    """List the code slots of DEVICE (a lock's name or id) that are in use. The codes themselves are
    not told."""
    finish(_lock_codes(state_dir, device, as_json=as_json))
