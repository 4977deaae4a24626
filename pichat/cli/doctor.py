"""`pichat doctor`: what works, what does not, why, and what to do."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from pichat.cli.client import NOT_KNOWN, fetch_health
from pichat.cli.context import console, finish, json_option, state_dir_option
from pichat.config import find_config, load_config
from pichat.config.types import Config
from pichat.errors import PiChatError, UnavailableError
from pichat.state import running_url
from pichat.zigbee.stick.choose import advice, settle
from pichat.zigbee.stick.failures import is_serial, missing
from pichat.zigbee.stick.ports import Ports

Part = dict[str, Any]


def _part(status: str, reason: str | None = None) -> Part:
    return {"status": status, "reason": reason}


def _check_config(config_path: Path | None) -> tuple[Part, Config]:
    path = find_config(config_path)
    try:
        return _part("ok", str(path)), load_config(path)
    except PiChatError as error:
        return _part("failed", error.sentence), Config()


def _check_state(state_dir: Path) -> Part:
    parent = state_dir if state_dir.exists() else state_dir.absolute().parent
    if os.access(parent, os.W_OK):
        return _part("ok", str(state_dir))
    return _part("failed", f"{state_dir} cannot be written by this user.")


def _check_stick(config: Config) -> Part:
    if config.zigbee.path in ("simulated", "none") or not is_serial(config.zigbee.path):
        return _part("ok", config.zigbee.path)
    ports = Ports()
    try:
        settled = settle(config.zigbee, ports)
    except UnavailableError as error:
        return _part("degraded", error.sentence)
    path, hint = settled.path, advice(config.zigbee, ports)
    if gone := missing(settled):
        return _part("degraded", f"{gone} {hint}" if hint else gone)
    if not os.access(path, os.R_OK | os.W_OK):
        return _part("degraded", f"{path} may not be opened: add this user to the group dialout.")
    return _part("ok", f"{path}. {hint}" if hint else path)


def _check_sound(config: Config) -> dict[str, Part]:
    if not config.voice.enabled:
        return {"voice": _part("off", "voice.enabled is false.")}
    if shutil.which("espeak-ng") is None:
        speech = _part("degraded", "espeak-ng is missing: install the package espeak-ng.")
    else:
        speech = _part("ok")
    try:
        import sounddevice

        found = [str(device["name"]) for device in sounddevice.query_devices()]
    except OSError:
        sound = _part("degraded", "PortAudio is missing: install the package libportaudio2.")
    else:
        sound = _part("ok", ", ".join(found)) if found else _part("degraded", "No sound card.")
    return {"speech": speech, "sound": sound}


async def _ask(state_dir: Path) -> dict[str, Part]:
    """The parts of the running daemon, which may hang."""
    try:
        health = await fetch_health(state_dir)
    except UnavailableError as error:
        return {"daemon": _part("failed", f"{error.sentence} It hangs; restart it.")}
    untold = {"shell": _part("degraded", NOT_KNOWN)}
    return {"daemon": _part("ok", health["url"]), **health.get("parts", untold)}


async def _examine(config_path: Path | None, state_dir: Path) -> dict[str, Any]:
    config_part, config = _check_config(config_path)
    parts = {"config": config_part}
    try:
        running_url(state_dir)
    except UnavailableError as error:
        parts["daemon"] = _part("off", error.sentence)
        parts["state"] = _check_state(state_dir)
        parts["zigbee"] = _check_stick(config)
        parts |= _check_sound(config)
    else:
        parts |= await _ask(state_dir)
    statuses = {part["status"] for part in parts.values()}
    overall = next((status for status in ("failed", "degraded") if status in statuses), "ok")
    return {"status": overall, "parts": parts}


def _print(report: dict[str, Any]) -> None:
    colours = {"ok": "green", "degraded": "yellow", "failed": "red", "off": "dim"}
    table = Table("Part", "", "", box=None, show_header=False)
    for name, part in report["parts"].items():
        status = Text(part["status"], style=colours[part["status"]])
        table.add_row(name, status, Text(part.get("reason") or ""))
    console.print(table)


async def _doctor(config_path: Path | None, state_dir: Path, *, as_json: bool) -> int:
    report = await _examine(config_path, state_dir)
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        _print(report)
    return 0 if report["status"] == "ok" else 1


@click.command()
@click.option("--config", "config_path", type=click.Path(path_type=Path))
@json_option
@state_dir_option
def doctor(config_path: Path | None, *, as_json: bool, state_dir: Path) -> None:
    """Examine the running daemon, or this machine when none runs. Exit code 1 on a problem."""
    finish(_doctor(config_path, state_dir, as_json=as_json))
