"""`pichat mcp tools`: what the servers have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from pichat.cli.client import connect
from pichat.cli.context import console, finish, json_option, state_dir_option
from pichat.cli.zigbee.asking import print_json

_LONGEST = 72
_REFUSED = {
    "profile": "off for the profile",
    "client": "off for this client",
    "person": "off for this person",
    "switch": "off",
    "server": "off with its server",
    "changed": "changed",
}


@click.command()
@click.argument("name", required=False)
@click.option("--server", help="Those of one server.")
@click.option("--profile", help="As that profile may use them.")
@json_option
@state_dir_option
def tools(
    *, name: str | None, server: str | None, profile: str | None, as_json: bool, state_dir: Path
) -> None:
    """List the tools of the servers, and which are off. With a NAME, all of that one: what it says
    of itself and what it takes."""
    if name is not None:
        finish(_show(state_dir, name, as_json=as_json))
    asked = {"server": server, "profile": profile}
    given = {key: value for key, value in asked.items() if value is not None}
    finish(_list(state_dir, given, as_json=as_json))


async def _list(state_dir: Path, asked: dict[str, str], *, as_json: bool) -> int:
    async with connect(state_dir) as connection:
        found = (await connection.ask("get_tools", asked))["tools"]
    found = [each for each in found if each["server"] is not None]
    if as_json:
        print_json(found)
    elif not found:
        click.echo("There are no tools of other programs. See how their servers are: pichat mcp")
    else:
        console.print(_table(found))
        if any("changed" in each["refused_by"] for each in found):
            console.print("What has changed is off until you agree to it: pichat mcp approve NAME")
    return 0


async def _show(state_dir: Path, name: str, *, as_json: bool) -> int:
    async with connect(state_dir) as connection:
        listed = (await connection.ask("get_tools", {}))["tools"]
        server = next((each["server"] for each in listed if each["name"] == name), None)
        found: list[dict[str, Any]] = []
        if server is not None:
            found = (await connection.ask("get_tools", {"server": server}))["tools"]
    tool = next((each for each in found if each["name"] == name), None)
    if tool is None:
        click.echo(f"There is no tool “{name}” of another program; see pichat mcp tools.", err=True)
        return 1
    if as_json:
        print_json(tool)
        return 0
    click.echo(f"{tool['name']}, of “{tool['server']}”: {_state(tool)}")
    click.echo(tool["description"])
    click.echo(json.dumps(tool["schema"], indent=2, ensure_ascii=False))
    return 0


def _table(found: list[dict[str, Any]]) -> Table:
    table = Table(box=None, header_style="bold")
    table.add_column("Name", no_wrap=True)
    table.add_column("Is")
    table.add_column("What it does")
    for each in found:
        said = " ".join(each["description"].split())
        if len(said) > _LONGEST:
            said = f"{said[: _LONGEST - 1].rstrip()}…"
        table.add_row(*map(Text, (each["name"], _state(each), said)))
    return table


def _state(tool: dict[str, Any]) -> str:
    refused = [_REFUSED[each] for each in tool["refused_by"]]
    if not refused and tool["instead"] is not None:
        return f"on, behind {tool['instead']}"
    return ", ".join(refused) or "on"
