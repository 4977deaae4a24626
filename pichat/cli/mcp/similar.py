"""`pichat mcp similar` and `prefer`: tools of different servers that do the same."""

from __future__ import annotations

from pathlib import Path

import click

from pichat.cli.client import connect
from pichat.cli.context import finish, json_option, state_dir_option
from pichat.cli.zigbee.asking import print_json

_BY = {
    "order": "its server stands first",
    "model": "a model said so",
    "owner": "you said so",
}


@click.command()
@json_option
@state_dir_option
def similar(*, as_json: bool, state_dir: Path) -> None:
    """List tools of different servers that do the same. Models are offered the preferred one."""
    finish(_similar(state_dir, as_json=as_json))


@click.command()
@click.argument("name")
@state_dir_option
def prefer(*, name: str, state_dir: Path) -> None:
    """Of tools that do the same, have NAME offered to models before the others."""
    finish(_prefer(state_dir, name))


async def _similar(state_dir: Path, *, as_json: bool) -> int:
    async with connect(state_dir) as connection:
        groups = (await connection.ask("get_similar_tools", {}))["groups"]
    if as_json:
        print_json(groups)
    elif not groups:
        click.echo("No two servers have a tool that does the same.")
    for group in [] if as_json else groups:
        if not group["preferred"]:
            click.echo(f"{', '.join(group['tools'])}: a model said that they differ.")
            continue
        others = ", ".join(each for each in group["tools"] if each != group["preferred"])
        click.echo(f"{group['preferred']} before {others} ({_BY[group['said_by']]})")
    return 0


async def _prefer(state_dir: Path, name: str) -> int:
    async with connect(state_dir) as connection:
        group = (await connection.ask("prefer_tool", {"tool": name}))["group"]
    others = ", ".join(each for each in group["tools"] if each != name)
    click.echo(f"{name} is offered before {others}.")
    return 0
