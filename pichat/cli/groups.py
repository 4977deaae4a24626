"""`pichat groups`: the devices that people put together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from pichat.cli.client import Connection, connect
from pichat.cli.context import console, finish, json_option, state_dir_option
from pichat.errors import NotFoundError


def _table(found: list[dict[str, Any]], devices: list[dict[str, Any]]) -> Table:
    names = {device["id"]: device["name"] for device in devices}
    table = Table("Group", "Devices", box=None, header_style="bold")
    for group in found:
        members = ", ".join(names.get(each, each) for each in group["device_ids"])
        table.add_row(Text(group["name"]), Text(members))
    return table


async def ids_of(connection: Connection, names: Sequence[str]) -> list[str]:
    """The devices' ids. Raises NotFoundError for a name that none has."""
    devices = (await connection.ask("get_devices", {}))["devices"]
    by_name = {device["name"].casefold(): device["id"] for device in devices}
    for name in names:
        if name.casefold() not in by_name:
            raise NotFoundError(f"There is no device called “{name}”; see pichat devices.")
    return [by_name[name.casefold()] for name in names]


async def _show(state_dir: Path, *, as_json: bool) -> int:
    async with connect(state_dir) as connection:
        found = (await connection.ask("get_groups", {}))["groups"]
        devices = (await connection.ask("get_devices", {}))["devices"]
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    elif found:
        console.print(_table(found, devices))
    else:
        console.print("There are no groups yet. Make one: pichat groups --make NAME DEVICE…")
    return 0


async def _make(state_dir: Path, name: str, devices: Sequence[str]) -> int:
    async with connect(state_dir) as connection:
        payload = {"name": name, "device_ids": await ids_of(connection, devices)}
        group = (await connection.ask("create_group", payload))["group"]
    console.print(Text(f"“{group['name']}” has {len(group['device_ids'])} devices."))
    return 0


async def _remove(state_dir: Path, name: str) -> int:
    async with connect(state_dir) as connection:
        found = (await connection.ask("get_groups", {}))["groups"]
        group = next((g for g in found if g["name"].casefold() == name.casefold()), None)
        if group is None:
            raise NotFoundError(f"There is no group called “{name}”.")
        await connection.ask("delete_group", {"group_id": group["id"]})
    console.print(Text(f"“{group['name']}” is no group any more; its devices stay."))
    return 0


@click.command()
@click.option("--make", metavar="NAME", help="Put the DEVICES together under this name.")
@click.option("--remove", metavar="NAME", help="Take this group apart.")
@click.argument("devices", nargs=-1)
@json_option
@state_dir_option
def groups(
    *,
    make: str | None,
    remove: str | None,
    devices: tuple[str, ...],
    as_json: bool,
    state_dir: Path,
) -> None:
    """List the groups, make one of DEVICES, or take one apart."""
    if make and remove:
        raise click.UsageError("Either --make or --remove.")
    if make:
        if not devices:
            raise click.UsageError("Name the devices that are to be in the group.")
        finish(_make(state_dir, make, devices))
    elif remove:
        finish(_remove(state_dir, remove))
    else:
        finish(_show(state_dir, as_json=as_json))
