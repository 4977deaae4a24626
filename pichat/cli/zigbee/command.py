"""`pichat zigbee command`: any command of a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pichat.cli.context import finish, state_dir_option
from pichat.cli.zigbee.asking import (
    as_number,
    ask_with_yes,
    device_argument,
    endpoint_option,
    maker_option,
    print_json,
)
from pichat.cli.zigbee.write import value_of


def arguments_of(pairs: tuple[str, ...]) -> dict[str, Any]:
    """NAME=VALUE each. Raises UsageError."""
    given: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise click.UsageError(f"“{pair}” is not of the form NAME=VALUE.")
        given[name] = value_of(value)
    return given


async def _command(state_dir: Path, what: dict[str, Any]) -> int:
    reply = await ask_with_yes(state_dir, "send_cluster_command", **what)
    if reply is None:
        return 1
    print_json(reply["answer"]["reply"] if reply.get("answer") else reply["outcomes"])
    return 0


@click.command()
@device_argument
@click.argument("cluster")
@click.argument("command")
@click.argument("arguments", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--payload", help="Hexadecimal, for a command that the ZCL does not have.")
@endpoint_option
@maker_option
@state_dir_option
def command(
    device: str,
    cluster: str,
    command: str,
    arguments: tuple[str, ...],
    *,
    payload: str | None,
    endpoint: int | None,
    maker: int | None,
    state_dir: Path,
) -> None:
    """Send a COMMAND of a CLUSTER to DEVICE, and print its answer. A lock needs your yes first."""
    what = {
        "device_id": device,
        "cluster": as_number(cluster),
        "command": as_number(command),
        "arguments": arguments_of(arguments),
        "payload": payload,
        "endpoint": endpoint,
        "manufacturer_code": maker,
    }
    finish(_command(state_dir, what))
