"""`pichat zigbee info`: the stick, the network, and what it has sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from pichat.cli.context import console, finish, json_option, state_dir_option
from pichat.cli.zigbee.asking import ask, print_json


def _rows(network: dict[str, Any]) -> list[tuple[str, str]]:
    stick, traffic = network["stick"], network["traffic"]
    name = " ".join(str(stick[part]) for part in ("manufacturer", "board") if stick[part])
    firmware = str(stick["firmware"] or "unknown")
    if stick["ezsp_version"] is not None:
        firmware += f" (EZSP {stick['ezsp_version']})"
    rows = [
        ("Stick", name or "unknown"),
        ("Firmware", firmware),
        ("Address", network["coordinator_id"]),
        ("Channel", str(network["channel"])),
        ("PAN", f"{network['pan_id']:#06x}"),
        ("Extended PAN", network["extended_pan_id"]),
        (
            "Devices",
            (
                f"{network['devices']} ({network['routers']} routers, {network['end_devices']} end"
                f" devices), {network['unavailable']} of them do not answer"
            ),
        ),
        (
            "Messages",
            (
                f"{traffic['messages_sent']} sent, {traffic['messages_retried']} sent again,"
                f" {traffic['messages_failed']} failed"
            ),
        ),
        (
            "Radio frames",
            (
                f"{traffic['frames_sent']} sent, {traffic['frames_retried']} sent again,"
                f" {traffic['frames_failed']} failed; channel busy {traffic['channel_busy']} times"
            ),
        ),
    ]
    if stick["free_buffers"] is not None:
        rows.append(("Free buffers", str(stick["free_buffers"])))
    return rows


def table_of(network: dict[str, Any]) -> Table:
    table = Table(box=None, show_header=False)
    for label, value in _rows(network):
        table.add_row(Text(label, style="bold"), Text(value))
    return table


async def _info(state_dir: Path, *, as_json: bool) -> int:
    network = await ask(state_dir, "get_network")
    if as_json:
        print_json(network)
    else:
        console.print(table_of(network))
    return 0


@click.command()
@json_option
@state_dir_option
def info(*, as_json: bool, state_dir: Path) -> None:
    """Tell the stick's make and firmware, the network's addresses, and how much is going on."""
    finish(_info(state_dir, as_json=as_json))
