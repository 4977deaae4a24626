"""`pichat zigbee bindings`: to whom a device talks by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from pichat.cli.context import console, finish, json_option, state_dir_option
from pichat.cli.zigbee.asking import (
    as_number,
    ask,
    ask_with_yes,
    device_argument,
    endpoint_option,
    print_json,
)


def table_of(found: dict[str, Any]) -> Table:
    table = Table("Endpoint", "Cluster", "Goes to", box=None, header_style="bold")
    for one in found["bindings"]:
        if one["group"] is not None:
            target = f"group {one['group']}"
        else:
            name = one["target_name"] or one["target_id"]
            target = f"{name}, endpoint {one['target_endpoint']}"
        table.add_row(*map(Text, (str(one["endpoint"]), one["cluster"], target)))
    return table


async def _bindings(
    state_dir: Path,
    device: str,
    change: tuple[str, str, str] | None,
    endpoint: int | None,
    *,
    as_json: bool,
) -> int:
    if change is not None:
        action, cluster, target = change
        reply = await ask_with_yes(
            state_dir,
            action,
            device_id=device,
            cluster=as_number(cluster),
            target=as_number(target),
            endpoint=endpoint,
        )
        if reply is None:
            return 1
    found = await ask(state_dir, "get_bindings", device_id=device)
    if as_json:
        print_json(found)
    else:
        none = f"The {found['name']} talks to nobody by itself."
        console.print(table_of(found) if found["bindings"] else none)
    return 0


@click.command()
@device_argument
@click.option("--bind", nargs=2, metavar="CLUSTER TARGET", help="Add one.")
@click.option("--unbind", nargs=2, metavar="CLUSTER TARGET", help="Take one away.")
@endpoint_option
@json_option
@state_dir_option
def bindings(
    device: str,
    *,
    bind: tuple[str, str] | None,
    unbind: tuple[str, str] | None,
    endpoint: int | None,
    as_json: bool,
    state_dir: Path,
) -> None:
    """List to whom DEVICE talks by itself, or change it. TARGET is a device, “coordinator”, or a
    group's number."""
    if bind and unbind:
        raise click.UsageError("Either --bind or --unbind.")
    change = ("bind_device", *bind) if bind else ("unbind_device", *unbind) if unbind else None
    finish(_bindings(state_dir, device, change, endpoint, as_json=as_json))
