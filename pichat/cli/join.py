"""`pichat join`: let new devices into the house's network, and give them a name and a room."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from pichat.cli.client import connect, find_device
from pichat.cli.context import console, finish, json_option, state_dir_option
from pichat.cli.join_asking import name_and_room, yes
from pichat.cli.join_steps import JsonSteps, LineSteps, LiveSteps, Steps, in_words, name_of
from pichat.cli.zigbee.asking import print_json
from pichat.errors import BadRequestError

Frame = dict[str, Any]
_FINISHING_S = 30.0
"""For those that joined in the last moment."""


@dataclass
class Joined:
    """What was there before, and what has come since, by id."""

    before: dict[str, Frame]
    new: dict[str, Frame] = field(default_factory=dict)
    back: set[str] = field(default_factory=set)
    stuck: dict[str, Frame] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """`asks`: somebody is there to say a name and a room."""

    state_dir: Path
    permit: Frame
    name: str | None
    area: str | None
    asks: bool
    as_json: bool

    def steps(self) -> Steps:
        if self.as_json:
            return JsonSteps()
        return LiveSteps(console) if console.is_terminal else LineSteps()

    @property
    def one_only(self) -> bool:
        return self.asks or self.name is not None or self.area is not None


async def _join(wanted: Wanted, via: str | None) -> int:
    async with connect(wanted.state_dir) as connection:
        permit = dict(wanted.permit)
        if via is not None:
            permit["via"] = (await find_device(connection, via))["id"]
        devices = (await connection.ask("get_devices", {}))["devices"]
        joined = Joined({device["id"]: device for device in devices})
        await connection.ask("permit_join", permit)
    try:
        await _take_in(wanted, joined)
    finally:
        # Also after Ctrl-C: nobody wants a network that stays open.
        await _ask(wanted.state_dir, "permit_join", {"duration_s": 0})
    _tell_the_rest(wanted, joined)
    return 0 if joined.new or joined.back else 1


async def _take_in(wanted: Wanted, joined: Joined) -> None:
    while (device := await _next(wanted, joined)) is not None:
        named = await _named(wanted, device)
        if wanted.as_json:
            print_json(named)
        else:
            click.echo(f"{named['name']} is in {named['area'] or 'no room'}.")
        if not (wanted.asks and yes("Add another device?")):
            return


async def _named(wanted: Wanted, device: Frame) -> Frame:
    """The device with its name and room; whoever is asked is asked again for what cannot be."""
    name, area = wanted.name, wanted.area
    while True:
        if wanted.asks:
            devices = (await _ask(wanted.state_dir, "get_devices", {}))["devices"]
            name, area = name_and_room(device, devices, name, area)
        payload = {"device_id": device["id"], "name": name, "area": area}
        given = {key: value for key, value in payload.items() if value is not None}
        try:
            return dict((await _ask(wanted.state_dir, "update_device", given))["device"])
        except BadRequestError as error:
            if not wanted.asks:
                raise
            click.echo(error.sentence, err=True)
            name = None


async def _next(wanted: Wanted, joined: Joined) -> Frame | None:
    """The next new device that is ready; None when no more may join. While people are asked
    there is no connection, so what came meanwhile is in the snapshot."""
    async with connect(wanted.state_dir) as connection:
        snapshot = await connection.ask("subscribe", {"topics": ["devices", "network"]})
        for device in snapshot["devices"]:
            if device["id"] not in joined.before and device["id"] not in joined.new:
                joined.new[device["id"]] = device
                if wanted.one_only:
                    return dict(device)
        until_s = snapshot["joining"]["joining"]["open_until_s"]
        if until_s is None:
            return None
        try:
            async with asyncio.timeout(max(0.0, until_s - time.time()) + _FINISHING_S):
                with wanted.steps() as steps:
                    steps.open(until_s)
                    moving = set[str]()
                    for progress in snapshot["joining"]["devices"]:
                        steps.told(progress)
                        _note(progress, joined, moving)
                    frames = connection.frames()
                    return await _follow(frames, steps, joined, moving, one_only=wanted.one_only)
        except TimeoutError:
            return None


async def _follow(
    frames: AsyncIterator[Frame],
    steps: Steps,
    joined: Joined,
    moving: set[str],
    *,
    one_only: bool,
) -> Frame | None:
    is_open = True
    async for frame in frames:
        if frame["action"] == "joining_changed":
            is_open = frame["payload"]["open_until_s"] is not None
        elif frame["action"] == "join_progress":
            progress = frame["payload"]
            steps.told(progress)
            device = _note(progress, joined, moving)
            if device is not None and one_only:
                return device
        if not is_open and not moving:
            break
    return None


def _note(progress: Frame, joined: Joined, moving: set[str]) -> Frame | None:
    """The device, when it is a new one that is ready."""
    device_id, step, device = progress["device_id"], progress["step"], progress["device"]
    moving.discard(device_id)
    joined.stuck.pop(device_id, None)
    if step == "failed":
        joined.stuck[device_id] = progress
    elif step == "ready" and device_id in joined.before:
        joined.back.add(device_id)
    elif step == "ready":
        joined.new[device_id] = device
        return dict(device)
    elif step != "gone":
        moving.add(device_id)
    return None


async def _ask(state_dir: Path, action: str, payload: Frame) -> Frame:
    async with connect(state_dir) as connection:
        return await connection.ask(action, payload)


def _tell_the_rest(wanted: Wanted, joined: Joined) -> None:
    if wanted.as_json:
        return
    for progress in joined.stuck.values():
        click.echo(
            f"{name_of(progress)} {in_words(progress)} `pichat join --retry"
            f" {progress['device_id']}` asks at once, and --forget gives it up."
        )
    if not joined.new and not joined.back and not joined.stuck:
        click.echo("Nothing joined. Hold the new device close to the stick and try again.")


async def _retry(state_dir: Path, device_id: str) -> int:
    """Ask one that is stuck, and follow it until it is ready or stuck again."""
    async with connect(state_dir) as connection:
        await connection.ask("subscribe", {"topics": ["network"]})
        async with connect(state_dir) as other:
            await other.ask("retry_join", {"device_id": device_id})
        with LiveSteps(console) if console.is_terminal else LineSteps() as steps:
            async for frame in connection.frames():
                progress = frame["payload"]
                if frame["action"] != "join_progress" or progress["device_id"] != device_id:
                    continue
                steps.told(progress)
                if progress["step"] in ("ready", "failed", "gone"):
                    break
    if progress["step"] == "failed" and console.is_terminal:
        click.echo(f"{name_of(progress)} {in_words(progress)}")
    return 0 if progress["step"] == "ready" else 1


async def _forget(state_dir: Path, device_id: str) -> int:
    await _ask(state_dir, "forget_join", {"device_id": device_id})
    click.echo(f"Device {device_id} is forgotten. To come back, it has to join again.")
    return 0


@click.command()
@click.option(
    "--seconds", type=click.IntRange(1, 254), default=120, show_default=True, help="How long."
)
@click.option("--via", metavar="NAME", help="Only through this device, a lamp or a plug.")
@click.option(
    "--install-code",
    prompt="The install code, as it is printed on the device",
    prompt_required=False,
    help="For a device that has one; without a value it is asked for.",
)
@click.option("--address", help="That device's own address, printed beside the code.")
@click.option(
    "--qr",
    prompt="The text of the QR code, as a scanner shows it",
    prompt_required=False,
    help="The text of its QR code, instead of both.",
)
@click.option("--name", help="What the new device shall be called.")
@click.option("--area", help="The room that it is in.")
@click.option("--ask/--no-ask", default=None, help="Whether to ask for its name and room.")
@click.option("--retry", metavar="ID", help="Ask a device again that never told what it is.")
@click.option("--forget", metavar="ID", help="Give such a device up.")
@json_option
@state_dir_option
def join(
    *,
    seconds: int,
    via: str | None,
    install_code: str | None,
    address: str | None,
    qr: str | None,
    name: str | None,
    area: str | None,
    ask: bool | None,
    retry: str | None,
    forget: str | None,
    as_json: bool,
    state_dir: Path,
) -> None:
    """Let new devices join for a while: shows each step, and asks what they are called and where
    they are. Exit code 1 when none joined."""
    if retry is not None:
        finish(_retry(state_dir, retry))
    if forget is not None:
        finish(_forget(state_dir, forget))
    if install_code is not None and address is None:
        address = click.prompt("The device's address, printed beside the code")
    permit = {"duration_s": seconds, "device_id": address, "install_code": install_code, "qr": qr}
    is_told = name is not None or area is not None
    wanted = Wanted(
        state_dir=state_dir,
        permit={key: value for key, value in permit.items() if value is not None},
        name=name,
        area=area,
        asks=sys.stdin.isatty() and not as_json and not is_told if ask is None else ask,
        as_json=as_json,
    )
    finish(_join(wanted, via))
