"""`pichat scenes`: states that are taken up together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from pichat.cli.client import connect
from pichat.cli.context import console, finish, json_option, state_dir_option
from pichat.cli.groups import ids_of
from pichat.errors import NotFoundError


def _table(found: list[dict[str, Any]]) -> Table:
    table = Table("Scene", "Room", "Devices", "Seconds", box=None, header_style="bold")
    for scene in found:
        count, takes_s = str(len(scene["states"])), f"{scene['transition_s']:g}"
        table.add_row(Text(scene["name"]), Text(scene["area"] or ""), count, takes_s)
    return table


async def _show(state_dir: Path, *, as_json: bool) -> int:
    async with connect(state_dir) as connection:
        found = (await connection.ask("get_scenes", {}))["scenes"]
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    elif found:
        console.print(_table(found))
    else:
        console.print("There are no scenes yet. Make one: pichat scenes --make NAME --room ROOM")
    return 0


async def _make(
    state_dir: Path, name: str, devices: Sequence[str], room: str | None, transition_s: float
) -> int:
    payload: dict[str, Any] = {"name": name, "transition_s": transition_s}
    async with connect(state_dir) as connection:
        if devices:
            payload["device_ids"] = await ids_of(connection, devices)
        else:
            payload["area"] = room
        scene = (await connection.ask("create_scene", payload))["scene"]
    console.print(Text(f"“{scene['name']}” is how {len(scene['states'])} devices are now."))
    return 0


async def _remove(state_dir: Path, name: str) -> int:
    async with connect(state_dir) as connection:
        found = (await connection.ask("get_scenes", {}))["scenes"]
        scene = next((s for s in found if s["name"].casefold() == name.casefold()), None)
        if scene is None:
            raise NotFoundError(f"There is no scene called “{name}”.")
        await connection.ask("delete_scene", {"scene_id": scene["id"]})
    console.print(Text(f"“{scene['name']}” is forgotten; its devices stay as they are."))
    return 0


async def _activate(state_dir: Path, name: str) -> int:
    async with connect(state_dir) as connection:
        told = await connection.ask("activate_scene", {"scene": name, "source": "shell"})
    if told["question"]:
        console.print(Text(f"{told['question']['text']} Answer on a screen, or aloud."))
        return 1
    failed = {o["error"] for o in told["outcomes"] if o["error"]}
    for sentence in sorted(failed):
        console.print(Text(sentence))
    if not failed:
        console.print(Text(f"Done in {told['duration_ms']:.0f} ms."))
    return 1 if failed else 0


@click.command()
@click.option("--make", metavar="NAME", help="Keep how the DEVICES, or those of a room, are now.")
@click.option("--room", help="For --make: the room.")
@click.option(
    "--seconds", type=click.FloatRange(0, 3600), default=0.0, help="For --make: how long it takes."
)
@click.option("--remove", metavar="NAME", help="Forget this scene.")
@click.option("--activate", metavar="NAME", help="Take this scene up.")
@click.argument("devices", nargs=-1)
@json_option
@state_dir_option
def scenes(
    *,
    make: str | None,
    room: str | None,
    seconds: float,
    remove: str | None,
    activate: str | None,
    devices: tuple[str, ...],
    as_json: bool,
    state_dir: Path,
) -> None:
    """List the scenes, make one, take one up, or forget one."""
    if sum(map(bool, (make, remove, activate))) > 1:
        raise click.UsageError("One of --make, --remove and --activate.")
    if make:
        if not devices and not room:
            raise click.UsageError("Name the devices, or a --room.")
        finish(_make(state_dir, make, devices, room, seconds))
    elif remove:
        finish(_remove(state_dir, remove))
    elif activate:
        finish(_activate(state_dir, activate))
    else:
        finish(_show(state_dir, as_json=as_json))
