"""`pichat mcp discover`: servers that are there, and not set up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pichat.cli.client import connect
from pichat.cli.context import finish, json_option, state_dir_option
from pichat.cli.zigbee.asking import print_json


@click.command()
@click.argument("hosts", nargs=-1, metavar="[HOST[:PORT] | URL]…")
@click.option(
    "--port",
    "ports",
    type=click.IntRange(1, 65535),
    multiple=True,
    help="Of hosts without one; else those that servers use most.",
)
@click.option("--only", is_flag=True, help="Only at those hosts, not on this machine as well.")
@json_option
@state_dir_option
def discover(
    *, hosts: tuple[str, ...], ports: tuple[int, ...], only: bool, as_json: bool, state_dir: Path
) -> None:
    """Look for servers of tools: at the ports of this machine, in what the network announces, and
    at the HOSTS that you name. Nothing is added."""
    asked = {"hosts": hosts, "ports": ports, "here": not only}
    finish(_discover(state_dir, asked, as_json=as_json))


async def _discover(state_dir: Path, asked: dict[str, Any], *, as_json: bool) -> int:
    async with connect(state_dir) as connection:
        found = await connection.ask("discover_mcp_servers", asked)
    if as_json:
        print_json(found)
        return 0
    many = found["asked"]
    for each in found["servers"]:
        click.echo(_line(each))
    if not found["servers"]:
        click.echo(f"Nothing was found at {many} address{'es' * (many != 1)}.")
    if found["cut"]:
        click.echo("There were more addresses than are asked in one go; name fewer hosts.")
    return 0


def _line(server: dict[str, Any]) -> str:
    told = " ".join(each for each in (server["title"], server["version"]) if each)
    named = f"{server['url']} ({told})" if told else server["url"]
    if server["known"] is not None:
        return f"{named} is set up as “{server['known']}”."
    options = " --sse" * (server["transport"] == "sse") + " --key" * server["needs_key"]
    return f"{named}. Add it with: pichat mcp add {server['url']}{options}"
