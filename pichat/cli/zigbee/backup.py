"""`pichat zigbee backup`: the network, the devices and their names, in a file."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from pichat.cli.client import connect
from pichat.cli.context import finish, state_dir_option
from pichat.cli.zigbee.alone import is_running, parts_alone
from pichat.config.types import Zigbee
from pichat.errors import BadRequestError, NotFoundError, UnavailableError
from pichat.files import write_whole


async def _backup(state_dir: Path, file: Path | None) -> int:
    target = await asyncio.to_thread(_free, file) if file is not None else None
    if is_running(state_dir):
        async with connect(state_dir) as connection:
            answer = await connection.ask("create_backup", {})
        path, devices = Path(answer["path"]), answer["backup"]["devices"]
    else:
        path, devices = await _alone(state_dir)
    if target is not None:
        if await asyncio.to_thread(target.is_dir):
            target = await asyncio.to_thread(_free, target / path.name)
        await asyncio.to_thread(_copy, path, target)
    click.echo(f"{devices} devices and their network are in {target or path}")
    click.echo("The file holds the network's key: whoever has it can read and command the house.")
    return 0


async def _alone(state_dir: Path) -> tuple[Path, int]:
    if not await asyncio.to_thread((state_dir / "zigbee.db").exists):
        raise NotFoundError(f"There is no Zigbee network in {state_dir} to back up.")
    async with parts_alone(state_dir, Zigbee()) as (parts, _):
        made = await parts.backups.create()
        return parts.backups.path(made.name), made.devices


def _free(target: Path) -> Path:
    if target.exists() and not target.is_dir():
        raise BadRequestError(f"{target} is there already. Name another file.")
    if not target.absolute().parent.is_dir():
        raise BadRequestError(f"There is no folder {target.absolute().parent}.")
    return target


def _copy(path: Path, target: Path) -> None:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnavailableError(
            f"The backup was made, and {path} may not be read by you ({error.strerror}): copy it as"
            " PiChat's user, or with sudo."
        ) from error
    try:
        write_whole(target, content)
    except OSError as error:
        raise UnavailableError(
            f"The backup was made as {path}, and {target} cannot be written: {error.strerror}."
        ) from error


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@state_dir_option
def backup(*, file: Path | None, state_dir: Path) -> None:
    """Back up the network, the devices and their names, into FILE as well if it is given.

    PiChat does so by itself after every change and every day, into the folder `backups` of its
    state directory. The file is of the open-coordinator format, which other hubs read as well.
    """
    finish(_backup(state_dir, file))
