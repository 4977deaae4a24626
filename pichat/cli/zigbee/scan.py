"""`pichat zigbee scan`: how busy the channels are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from pichat.cli.context import console, finish, json_option, state_dir_option
from pichat.cli.zigbee.asking import ask, print_json

_BAR = 40
_BUSY_PERCENT, _QUIET_PERCENT = 60, 30


def chart_of(scan: dict[str, Any]) -> Table:
    """A bar a channel; the present one is marked."""
    table = Table("Channel", "", "Busy", "Wi-Fi", box=None, header_style="bold")
    for one in scan["channels"]:
        percent = one["percent"]
        colour = "green" if percent < _QUIET_PERCENT else "yellow"
        colour = "red" if percent >= _BUSY_PERCENT else colour
        wifi = one["wifi_channels"]
        notes = [word for word, there in _notes(one, scan) if there]
        table.add_row(
            Text(f"{one['channel']}{' ' + ', '.join(notes) if notes else ''}"),
            Text("█" * round(percent * _BAR / 100), style=colour),
            Text(f"{percent:.0f} %"),
            Text(f"{wifi[0]}–{wifi[-1]}" if len(wifi) > 1 else "".join(map(str, wifi))),
        )
    return table


def _notes(one: dict[str, Any], scan: dict[str, Any]) -> tuple[tuple[str, bool], ...]:
    recommended = one["channel"] == scan["recommended"]
    return (
        ("here", one["is_current"]),
        ("better", recommended and not one["is_current"]),
        ("low power", one["channel"] == 26),
    )


async def _scan(state_dir: Path, *, as_json: bool) -> int:
    if not as_json:
        click.echo(
            "The stick listens on every channel; meanwhile it hears devices badly.", err=True
        )
    scan = await ask(state_dir, "scan_energy")
    if as_json:
        print_json(scan)
        return 0
    console.print(chart_of(scan))
    console.print(scan["advice"])
    if scan["recommended"] != scan["current"]:
        console.print(f"To move: pichat zigbee channel {scan['recommended']}")
    return 0


@click.command()
@json_option
@state_dir_option
def scan(*, as_json: bool, state_dir: Path) -> None:
    """Measure how busy each channel is, and which would be the best."""
    finish(_scan(state_dir, as_json=as_json))
