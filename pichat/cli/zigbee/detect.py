"""`pichat zigbee detect`: which sticks are plugged in, and how to set them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click
import msgspec
from rich.table import Table
from rich.text import Text

from pichat.cli.context import console, finish, json_option, state_dir_option
from pichat.cli.zigbee.alone import config_option
from pichat.config import find_config, load_config
from pichat.config.types import Config
from pichat.errors import ConfigError, UnavailableError
from pichat.state import running_url
from pichat.zigbee.stick.choose import AUTO, advice, settle
from pichat.zigbee.stick.ports import Ports
from pichat.zigbee.survey import Found, probe, survey


def _claimed(config_path: Path | None, state_dir: Path, ports: Ports) -> str | None:
    """The device that the running daemon uses, which may be another user's."""
    try:
        running_url(state_dir)
        path = settle(load_config(find_config(config_path)).zigbee, ports).path
    except (UnavailableError, ConfigError):
        return None
    port = ports.at(path)
    return port.device if port else None


def _advice(config_path: Path | None, ports: Ports) -> str | None:
    try:
        return advice(load_config(find_config(config_path)).zigbee, ports)
    except ConfigError:
        return advice(Config().zigbee, ports)


def _state(found: Found) -> str:
    if found.used_by:
        return f"in use by {', '.join(found.used_by)}"
    if found.asked:
        return found.answer or "does not answer"
    return "free" if found.radio else "free; may be anything"


def _table(ports: list[Found]) -> Table:
    table = Table("Name", "Path", "Radio", "Baud", "Flow", "State", box=None, header_style="bold")
    for found in ports:
        baud = str(found.baud_rate or "")
        cells = (found.name, found.path, found.radio or "?", baud, found.flow_control or "")
        table.add_row(*map(Text, (*cells, _state(found))), end_section=False)
    return table


def _settings(found: list[Found]) -> str | None:
    """What to write into config.yaml, for the first that is a stick."""
    sticks = [each for each in found if each.radio is not None]
    if not sticks:
        return None
    first = sticks[0]
    path = AUTO if len(sticks) == 1 and len(found) == 1 and not first.asked else first.path
    lines = ["zigbee:", f"  path: {path}", f"  radio: {first.radio}"]
    if first.asked:  # it may be one that PiChat does not know by itself
        lines.append(f"  baud_rate: {first.baud_rate}")
    return "\n".join(lines)


async def _detect(
    ports: Ports, config_path: Path | None, state_dir: Path, *, ask: bool, as_json: bool
) -> int:
    claimed = _claimed(config_path, state_dir, ports)
    found = list(await asyncio.to_thread(survey, ports))
    found = [
        msgspec.structs.replace(each, used_by=("pichat",))
        if each.device == claimed and not each.used_by
        else each
        for each in found
    ]
    if ask:
        found = [await probe(each) for each in found]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
        return 0 if found else 1
    if not found:
        click.echo("No serial port is there that could be a Zigbee stick. Plug it in.")
        return 1
    console.print(_table(found))
    settings = _settings(found)
    if settings:
        click.echo(f"\nIn config.yaml:\n{settings}")
    elif not ask:
        click.echo("\nNone is known to be a Zigbee stick. With --probe each free one is asked.")
    if hint := _advice(config_path, ports):
        click.echo(f"\n{hint}")
    return 0


@click.command()
@click.option("--probe", "ask", is_flag=True, help="Ask each free port whether a stick answers.")
@json_option
@config_option
@click.option("--sysfs", type=click.Path(path_type=Path), default="/sys", hidden=True)
@click.option("--dev", type=click.Path(path_type=Path), default="/dev", hidden=True)
@state_dir_option
def detect(
    *, ask: bool, as_json: bool, config_path: Path | None, sysfs: Path, dev: Path, state_dir: Path
) -> None:
    """Find Zigbee sticks, and tell how to set them. Exit code 1 when there is none.

    A stick that PiChat knows is found by what USB tells, without opening it. Other serial ports
    are asked only with --probe: to another device than a stick, the question is nonsense.
    """
    finish(_detect(Ports(sysfs, dev), config_path, state_dir, ask=ask, as_json=as_json))
