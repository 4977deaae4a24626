"""`pichat devices`: what the house has, and how it is."""

from __future__ import annotations

import json
import time
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
    "siren": ("silent", "sounding"),
    "water_leak": ("dry", "leak"),
    "smoke": ("no smoke", "smoke"),
    "gas": ("no gas", "gas"),
    "vibration": ("still", "vibrating"),
    "tamper": ("untouched", "tampered with"),
    "battery_low": ("battery fine", "battery low"),
    "jammed": ("not jammed", "jammed"),
}

# What the unit alone does not tell.
_LABELS = {
    "battery": "battery ",
    "cover_position": "open ",
    "humidity": "humidity ",
    "target_temperature": "set to ",
    "heating_setpoint": "heats to ",
    "cooling_setpoint": "cools to ",
    "tilt": "tilted ",
    "fan_speed": "speed ",
    "fan_mode": "fan ",
    "thermostat_mode": "mode ",
    "last_operation": "last ",
    "co2": "CO2 ",
    "pm25": "PM2.5 ",
    "formaldehyde": "formaldehyde ",
    "carbon_monoxide": "carbon monoxide ",
}
_AGO = ((2 * 86_400, 86_400, "days"), (2 * 3600, 3600, "h"), (60, 60, "min"))
"""From how many seconds on a time is told in which unit."""
_FIRST = ("on_off", "lock", "contact", "occupancy", "water_leak", "smoke", "gas", "temperature")
_SETTINGS = frozenset({"power_on_behaviour"})
"""What is set once says nothing of how the house is; the JSON has it."""


def _in_words(name: str, value: Any, unit: str | None) -> str:
    if name in _WORDS:
        return _WORDS[name][bool(value)]
    if isinstance(value, dict):
        return f"hue {value['hue_deg']:.0f}° saturation {value['saturation_percent']:.0f}%"
    if isinstance(value, bool):
        return f"{name.replace('_', ' ')}: {'yes' if value else 'no'}"
    if isinstance(value, str):
        return f"{_LABELS.get(name, '')}{value.replace('_', ' ')}"
    space = " " if unit and unit.isalpha() else ""
    return f"{_LABELS.get(name, '')}{value:g}{space}{unit or ''}"


def _row(device: dict[str, Any]) -> tuple[str, ...]:
    units = {capability["name"]: capability.get("unit") for capability in device["capabilities"]}
    names = sorted(device["state"].keys() - _SETTINGS, key=lambda name: (name not in _FIRST, name))
    state = ", ".join(_in_words(name, device["state"][name], units.get(name)) for name in names)
    if not device["available"]:
        gone = "not heard from" if device["sleepy"] else "does not answer"
        state = f"{gone} (last: {state})"
    if device["waiting"]:
        told = (
            _in_words(name, value, units.get(name)) for name, value in device["waiting"].items()
        )
        state = f"{state}; when it wakes: {', '.join(told)}"
    heard = ago(device["last_seen_s"], time.time())
    return device["name"], device["area"] or "", device["kind"], state, heard


def ago(then_s: float | None, now_s: float) -> str:
    """ "just now", "5 min ago", "3 h ago", "2 days ago"; "never"."""
    if then_s is None:
        return "never"
    for least_s, unit_s, unit in _AGO:
        if now_s - then_s >= least_s:
            return f"{(now_s - then_s) // unit_s:.0f} {unit} ago"
    return "just now"


def table_of(devices: list[dict[str, Any]]) -> Table:
    """The devices as the daemon lists them, by room and name."""
    table = Table("Device", "Room", "Kind", "State", "Heard", box=None, header_style="bold")
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


def event_in_words(frame: dict[str, Any]) -> str | None:
    """What happened, as a line; None for what says nothing to people."""
    payload = frame.get("payload") or {}
    match frame.get("action"):
        case "button_pressed":
            return f"{payload['device_name']}: {payload['button']} {payload['press']}"
        case "device_changed" if payload["changes"]:
            device = payload["device"]
            units = {each["name"]: each.get("unit") for each in device["capabilities"]}
            states = [
                _in_words(name, state, units.get(name))
                for name, state in payload["changes"].items()
            ]
            return f"{device['name']}: {', '.join(states)}"
        case "device_added":
            return f"{payload['device']['name']}: joined"
        case "device_removed":
            return f"{payload['device_id']}: removed"
        case _:
            return None


async def _watch(state_dir: Path, *, as_json: bool) -> int:
    """The devices, and then what happens, until the daemon goes away or somebody stops it."""
    async with connect(state_dir) as connection:
        snapshot = await connection.ask("subscribe", {"topics": ["devices"]})
        if as_json:
            click.echo(json.dumps(snapshot, ensure_ascii=False))
        else:
            console.print(table_of(snapshot["devices"]))
        async for frame in connection.frames():
            if frame["status"] != "event":
                continue
            line = json.dumps(frame, ensure_ascii=False) if as_json else event_in_words(frame)
            if line:
                click.echo(line)
    return 0


@click.command()
@click.option("--watch", is_flag=True, help="Go on, and print what changes and who presses what.")
@json_option
@state_dir_option
def devices(*, watch: bool, as_json: bool, state_dir: Path) -> None:
    """List the devices with their rooms and states."""
    if watch:
        finish(_watch(state_dir, as_json=as_json))
    else:
        finish(_devices(state_dir, as_json=as_json))
