"""`pichat zigbee firmware`: what a device runs, and putting another image onto it."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import click
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from pichat.cli.client import Connection, connect
from pichat.cli.context import console, finish, json_option, state_dir_option
from pichat.cli.zigbee.asking import device_argument, print_json
from pichat.errors import UnavailableError


def lines_of(state: dict[str, Any]) -> list[str]:
    """What is told of a device's firmware."""
    software = f" ({state['software']})" if state["software"] else ""
    lines = [f"The {state['name']} runs {state['version']:#010x}{software}."]
    for image in state["images"]:
        if image["fits"]:
            lines.append(f"  {image['id']}  {image['file_version']:#010x}  {image['source']}")
        else:
            lines.append(f"  (not: {image['why_not']})")
    if not any(image["fits"] for image in state["images"]):
        lines.append(
            "There is no newer image in zigbee.firmware_folder or zigbee.firmware_index; a file of"
            " your own goes with --file."
        )
    if state["problem"]:
        lines.append(state["problem"])
    return lines


async def _firmware(
    state_dir: Path,
    device: str,
    *,
    update: bool,
    image_id: str | None,
    image: bytes | None,
    as_json: bool,
) -> int:
    async with connect(state_dir) as connection:
        if not (update or image_id or image):
            state = await connection.ask("get_firmware", {"device_id": device})
            if as_json:
                print_json(state)
            else:
                click.echo("\n".join(lines_of(state)))
            return 0
        payload: dict[str, Any] = {"device_id": device, "source": "shell"}
        if image_id is not None:
            payload["image_id"] = image_id
        if image is not None:
            payload["image"] = base64.b64encode(image).decode()
        await connection.ask("subscribe", {"topics": ["network"]})
        begun = await connection.ask("update_firmware", payload)
        click.echo(
            f"The {begun['name']} fetches its image; that may take an hour, and goes on when you"
            " leave. Do not cut its power."
        )
        return await _watch(connection, begun["device_id"])


async def _watch(connection: Connection, device_id: str) -> int:
    columns = (TextColumn("{task.percentage:>3.0f} %"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("firmware", total=100)
        async for frame in connection.frames():
            told = frame.get("payload") or {}
            if frame["action"] != "network_progress" or told.get("device_id") != device_id:
                continue
            if told["percent"] is not None:
                bar.update(task, completed=told["percent"])
            if told["done"]:
                break
        else:
            raise UnavailableError("PiChat closed the connection.")
    if told["error"]:
        click.echo(told["error"], err=True)
        return 1
    click.echo("The device runs the new firmware.")
    return 0


@click.command()
@device_argument
@click.option("--update", is_flag=True, help="Put the newest image that fits onto the device.")
@click.option("--image", "image_id", help="Put this image onto it, by its id in the list.")
@click.option(
    "--file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Put an image of your own onto it.",
)
@json_option
@state_dir_option
def firmware(
    device: str,
    *,
    update: bool,
    image_id: str | None,
    file: Path | None,
    as_json: bool,
    state_dir: Path,
) -> None:
    """Tell which firmware DEVICE runs and which images fit; with --update, change it."""
    image = file.read_bytes() if file else None
    finish(
        _firmware(state_dir, device, update=update, image_id=image_id, image=image, as_json=as_json)
    )
