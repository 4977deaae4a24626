"""`pichat devices`: what the house has, and how it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from pichat.cli.client import connect
from pichat.cli.context import console, finish, json_option, state_dir_option

_WORDS = {
    "on_off": ("off", "on"),
    "lock": ("unlocked", "locked"),
    "contact": ("closed", "open"),
    "occupancy": ("nobody", "somebody"),
}

# What the unit alone does not tell.
_LABELS = {
    "battery": "battery ",
    "cover_position": "open ",
    "humidity": "humidity ",
    "target_temperature": "set to ",
}
_FIRST = ("on_off", "lock", "contact", "occupancy", "temperature")


def _in_words(name: str, value: Any, unit: str | None) -> str:
    if name in _WORDS:
        return _WORDS[name][bool(value)]
    if isinstance(value, dict):
        return f"hue {value['hue_deg']:.0f}° saturation {value['saturation_percent']:.0f}%"
    space = " " if unit and unit.isalpha() else ""
    return f"{_LABELS.get(name, '')}{value:g}{space}{unit or ''}"


def _row(device: dict[str, Any]) -> tuple[str, ...]:
    units = {capability["name"]: capability.get("unit") for capability in device["capabilities"]}
    names = sorted(device["state"], key=lambda name: (name not in _FIRST, name))
    state = ", ".join(_in_words(name, device["state"][name], units.get(name)) for name in names)
    return (
        device["name"],
        device["area"] or "",
        device["kind"],
        state if device["available"] else f"does not answer (last: {state})",
    )


def table_of(devices: list[dict[str, Any]]) -> Table:
    """The devices as the daemon lists them, by room and name."""
    table = Table("Device", "Room", "Kind", "State", box=None, header_style="bold")
    for device in sorted(devices, key=lambda each: (each["area"] or "", each["name"])):
        # Text: a name may hold what would be markup.
        table.add_row(*map(Text, _row(device)))
    return table


async def _devices(state_dir: Path, *, as_json: bool) -> int:
    async with connect(state_dir) as connection:
        found = (await connection.ask("get_devices", {}))["devices"]
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return 0
    console.print(table_of(found) if found else "No device has joined yet.")
    return 0


@click.command()
@json_option
@state_dir_option
def devices(*, as_json: bool, state_dir: Path) -> None:
    """List the devices with their rooms and states."""
    finish(_devices(state_dir, as_json=as_json))
