"""`pichat devices`: what the house has, and how it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from pichat.cli.client import connect
from pichat.cli.context import console, finish, json_option, state_dir_option

_WORDS = {
    "on_off": ("off", "on"),
    "lock": ("unlocked", "locked"),
    "contact": ("closed", "open"),
    "occupancy": ("nobody", "somebody"),
}


def _in_words(name: str, value: Any, unit: str | None) -> str:
    if value is None:
        return ""
    if name in _WORDS:
        return _WORDS[name][bool(value)]
    if isinstance(value, dict):
        return f"hue {value['hue_deg']:.0f}° saturation {value['saturation_percent']:.0f}%"
    label = "" if name in ("temperature", "brightness") else name.replace("_", " ") + " "
    return f"{label}{value:g}{' ' if unit and unit.isalpha() else ''}{unit or ''}"


def _row(device: dict[str, Any]) -> tuple[str, ...]:
    units = {capability["name"]: capability.get("unit") for capability in device["capabilities"]}
    words = [_in_words(name, value, units.get(name)) for name, value in device["state"].items()]
    state = ", ".join(word for word in words if word)
    return (
        device["name"],
        device["area"] or "",
        device["kind"],
        state if device["available"] else f"does not answer ({state})",
        device["id"],
    )


async def _devices(state_dir: Path, *, as_json: bool) -> int:
    async with connect(state_dir) as connection:
        found = (await connection.ask("get_devices", {}))["devices"]
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return 0
    table = Table("Device", "Room", "Kind", "State", "Address", box=None, header_style="bold")
    for device in sorted(found, key=lambda each: (each["area"] or "", each["name"])):
        table.add_row(*_row(device))
    console.print(table if found else "No device has joined yet.")
    return 0


@click.command()
@json_option
@state_dir_option
def devices(*, as_json: bool, state_dir: Path) -> None:
    """List the devices with their rooms and states."""
    finish(_devices(state_dir, as_json=as_json))
