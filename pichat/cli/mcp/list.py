"""`pichat mcp list`, `remove` and `refresh`: the servers, and how each is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from pichat.cli.client import connect
from pichat.cli.context import console, finish, json_option, state_dir_option
from pichat.cli.zigbee.asking import print_json

Server = dict[str, Any]
_NONE = (
    "No server of tools is set up yet. Add one with: pichat mcp add NAME http://HOST:PORT/mcp\n"
    "Look for some with: pichat mcp discover"
)
_STATES = {
    "off": "off",
    "starting": "starting",
    "ready": "ready",
    "idle": "ready, starts when needed",
    "failed": "does not work",
}


@click.command("list")
@json_option
@state_dir_option
def list(*, as_json: bool, state_dir: Path) -> None:  # noqa: A001  (the command's name)
    """List the servers of tools, how each is, and what to do about it."""
    finish(show(state_dir, as_json=as_json))


@click.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@state_dir_option
def remove(*, name: str, yes: bool, state_dir: Path) -> None:
    """Forget a server that was added, and its keys."""
    if not yes:
        click.confirm(f"Forget “{name}” and its keys?", abort=True)
    finish(_remove(state_dir, name))


@click.command()
@click.argument("names", nargs=-1)
@json_option
@state_dir_option
def refresh(*, names: tuple[str, ...], as_json: bool, state_dir: Path) -> None:
    """Ask servers again what they have, those NAMES or all, also those that rest after a
    failure."""
    finish(_refresh(state_dir, names, as_json=as_json))


async def show(state_dir: Path, *, as_json: bool) -> int:
    """Print all servers."""
    async with connect(state_dir) as connection:
        found = (await connection.ask("get_mcp_servers", {}))["servers"]
    print_servers(found, as_json=as_json)
    return 0


async def _remove(state_dir: Path, name: str) -> int:
    async with connect(state_dir) as connection:
        await connection.ask("remove_mcp_server", {"name": name})
    click.echo(f"“{name}” is gone, and its keys with it.")
    return 0


async def _refresh(state_dir: Path, names: tuple[str, ...], *, as_json: bool) -> int:
    async with connect(state_dir) as connection:
        payload = {"names": names} if names else {}
        found = (await connection.ask("refresh_mcp_servers", payload))["servers"]
    print_servers(found, as_json=as_json)
    return 0 if all(each["state"] != "failed" for each in found) else 1


def print_servers(found: Sequence[Server], *, as_json: bool) -> None:
    """As JSON, or as a table with what is wrong below it."""
    if as_json:
        print_json(found)
        return
    if not found:
        click.echo(_NONE)
        return
    table = Table(box=None, header_style="bold")
    for column in ("Name", "State", "Tools", "Where", "Set up in"):
        table.add_column(column, no_wrap=column != "Where", overflow="fold")
    for each in found:
        origin = "config.yaml" if each["configured"] else "pichat mcp"
        row = (each["name"], _STATES[each["state"]], str(each["tools"]), each["address"], origin)
        table.add_row(*map(Text, row))
    console.print(table)
    for each in found:
        if each["reason"] is not None:
            click.echo(f"“{each['name']}”: {each['reason']}{_again(each)}")


def _again(server: Server) -> str:
    if server["state"] == "failed" and server["again_s"] is not None:
        return f" It is tried again in {max(1, round(server['again_s']))} s."
    return " That was when it was last used." if server["state"] in ("idle", "ready") else ""
