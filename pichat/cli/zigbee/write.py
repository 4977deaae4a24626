"""`pichat zigbee write`: any attribute of a device."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from pichat.cli.context import console, finish, state_dir_option
from pichat.cli.zigbee.asking import (
    as_number,
    ask_with_yes,
    device_argument,
    endpoint_option,
    maker_option,
)
from pichat.cli.zigbee.read import table_of


def value_of(text: str) -> Any:
    """JSON (true, 21, "text"), else the text as it is."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


async def _write(state_dir: Path, what: dict[str, Any]) -> int:
    reply = await ask_with_yes(state_dir, "write_attribute", **what)
    if reply is None:
        return 1
    if reply.get("attribute"):
        console.print(table_of([reply["attribute"]]))
    for outcome in reply.get("outcomes", ()):
        click.echo(f"{outcome['capability']}: {outcome['state']}")
    return 0


@click.command()
@device_argument
@click.argument("cluster")
@click.argument("attribute")
@click.argument("value")
@click.option("--type", "type_", help="The ZCL's type (uint8, string), where nobody knows it.")
@endpoint_option
@maker_option
@state_dir_option
def write(
    device: str,
    cluster: str,
    attribute: str,
    value: str,
    *,
    type_: str | None,
    endpoint: int | None,
    maker: int | None,
    state_dir: Path,
) -> None:
    """Write VALUE (JSON, or hexadecimal for bytes) to an ATTRIBUTE of a CLUSTER of DEVICE, and
    print what the device holds then. A lock needs your yes first."""
    what = {
        "device_id": device,
        "cluster": as_number(cluster),
        "attribute": as_number(attribute),
        "value": value_of(value),
        "type": type_,
        "endpoint": endpoint,
        "manufacturer_code": maker,
    }
    finish(_write(state_dir, what))
