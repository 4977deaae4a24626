"""`pichat zigbee read`: any attribute of a device, from the device itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from pichat.cli.context import console, finish, json_option, state_dir_option
from pichat.cli.zigbee.asking import (
    as_number,
    ask,
    device_argument,
    endpoint_option,
    maker_option,
    print_json,
)


def table_of(values: list[dict[str, Any]]) -> Table:
    table = Table("Attribute", "Name", "Type", "Value", box=None, header_style="bold")
    for one in values:
        value = json.dumps(one["value"], ensure_ascii=False)
        if one["meaning"]:
            value += f" ({one['meaning']})"
        table.add_row(
            *map(Text, (f"{one['attribute_id']:#06x}", one["attribute"], one["type"], value))
        )
    return table


async def _read(state_dir: Path, where: dict[str, Any], *, as_json: bool) -> int:
    found = (await ask(state_dir, "read_attribute", **where))["attributes"]
    if as_json:
        print_json(found)
    else:
        console.print(table_of(found) if found else "The device tells none.")
    return 0


@click.command()
@device_argument
@click.argument("cluster")
@click.argument("attribute", required=False)
@endpoint_option
@maker_option
@json_option
@state_dir_option
def read(
    device: str,
    cluster: str,
    attribute: str | None,
    *,
    endpoint: int | None,
    maker: int | None,
    as_json: bool,
    state_dir: Path,
) -> None:
    """Read an ATTRIBUTE of a CLUSTER from DEVICE, or all that it has. Both by name (on_off) or
    number (0x0006)."""
    where = {
        "device_id": device,
        "cluster": as_number(cluster),
        "attribute": None if attribute is None else as_number(attribute),
        "endpoint": endpoint,
        "manufacturer_code": maker,
    }
    finish(_read(state_dir, where, as_json=as_json))
