"""`pichat sim`: run the simulated house alone, and move its devices from outside."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.table import Table
from rich.text import Text

from pichat.cli.context import console, json_option, state_dir_option
from pichat.cli.sim_play import play
from pichat.errors import PiChatError
from pichat.simulator.control import SimulatorClient

T = TypeVar("T")
FILE = click.Path(path_type=Path)


def _ask(context: click.Context, action: Callable[[SimulatorClient], Awaitable[T]]) -> T:
    """Runs one exchange with the simulator; a failure is one line and exit code 1."""

    async def talk() -> T:
        async with SimulatorClient(context.obj) as client:
            return await action(client)

    try:
        return asyncio.run(talk())
    except PiChatError as error:
        click.echo(error.sentence, err=True)
        sys.exit(1)


@click.group()
@click.option("--control", type=FILE, help="The simulator's control socket, if it is elsewhere.")
@state_dir_option
@click.pass_context
def sim(context: click.Context, control: Path | None, state_dir: Path) -> None:
    """The simulated house: look at its devices, move them, disturb their radio."""
    context.obj = control or state_dir / "simulator.sock"


@sim.command()
@click.option("--house", type=FILE, help="House file (default: PiChat's own house).")
@click.option(
    "--tcp",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="Listen on 127.0.0.1:PORT (0: any).",
)
@click.option("--ezsp", type=click.IntRange(13, 19), help="EZSP protocol version (default: 13).")
@click.option("--state", type=FILE, help="The stick's memory; without it: factory-fresh.")
@click.option("--control", type=FILE, help="Make a control socket there.")
@click.option("--radio-delay-ms", type=click.FloatRange(0, 60000), help="Each way (default: 15).")
@click.option("--loss", type=click.FloatRange(0, 1), help="Share of messages lost.")
@click.option("--link", type=FILE, help="Lasting name for the pseudo-terminal.")
@click.option("--seed", type=int, help="Make losses and addresses repeatable.")
@click.pass_context
def serve(context: click.Context, /, **options: Any) -> None:
    """Run the simulator alone. Its first line is the path that a host opens."""
    if options["control"] is None and context.parent and context.parent.params["control"]:
        options["control"] = context.obj
    arguments = [
        f"--{name.replace('_', '-')}={value}"
        for name, value in options.items()
        if value is not None
    ]
    os.execv(sys.executable, [sys.executable, "-m", "pichat.simulator", *arguments])  # noqa: S606


@sim.command()
@click.pass_context
def watch(context: click.Context) -> None:
    """Print every change as it happens, one JSON line each, until interrupted."""

    async def follow(client: SimulatorClient) -> None:
        async for event in client.watch():
            if event["event"] != "snapshot":
                click.echo(json.dumps(event, ensure_ascii=False))

    with contextlib.suppress(KeyboardInterrupt):
        _ask(context, follow)


@sim.command("list")
@json_option
@click.pass_context
def list_devices(context: click.Context, as_json: bool) -> None:
    """Every device and its values."""
    devices = _ask(context, lambda client: client.list())
    if as_json:
        click.echo(json.dumps(devices, ensure_ascii=False, indent=2))
        return
    table = Table(box=None)
    for title in ("Device", "Area", "Joined"):
        table.add_column(title, no_wrap=True)
    table.add_column("Values", overflow="fold")
    for device in devices:
        values = ", ".join(f"{name} {_text(value)}" for name, value in device["values"].items())
        joined = "deaf" if device["link"]["deaf"] else "yes" if device["joined"] else "no"
        table.add_row(*map(Text, (device["id"], device["area"], joined, values)))
    console.print(table)


@sim.command()
@click.argument("device")
@json_option
@click.pass_context
def show(context: click.Context, device: str, as_json: bool) -> None:
    """One device: its values, units, address and how it is reached."""
    about = _ask(context, lambda client: client.get(device))
    if as_json:
        click.echo(json.dumps(about, ensure_ascii=False, indent=2))
        return
    click.echo(f"{about['name']} ({about['kind']}, {about['area']})")
    click.echo(f"  {about['ieee']}  {'joined' if about['joined'] else 'not joined'}")
    _print_values(about["values"], about["units"], about["settable"])
    link = {name: value for name, value in about["link"].items() if value not in (None, False)}
    click.echo("  link: " + ", ".join(f"{name} {_text(value)}" for name, value in link.items()))


def _print_values(
    values: dict[str, Any], units: dict[str, str] | None = None, settable: list[str] | None = None
) -> None:
    for name, value in values.items():
        unit = f" {units[name]}" if units and units.get(name) else ""
        fixed = "" if settable is None or name in settable else "  (cannot be set)"
        click.echo(f"  {name} = {_text(value)}{unit}{fixed}")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def parse_value(text: str) -> bool | float | str:
    """`on`, `yes` and `true` are true; what reads as a number is one; the rest is text."""
    words = {"on": True, "yes": True, "true": True, "off": False, "no": False, "false": False}
    if text.lower() in words:
        return words[text.lower()]
    try:
        return float(text)
    except ValueError:
        return text


def _pairs(texts: tuple[str, ...]) -> list[tuple[str, str]]:
    """NAME=VALUE, each in its parts."""
    found = []
    for one in texts:
        name, equals, text = one.partition("=")
        if not equals or not name:
            raise click.UsageError(f"{one!r} is not NAME=VALUE.")
        found.append((name, text))
    return found


@sim.command("set")
@click.argument("device")
@click.argument("values", nargs=-1, required=True, metavar="NAME=VALUE...")
@click.pass_context
def set_values(context: click.Context, device: str, values: tuple[str, ...]) -> None:
    """Change values from outside: `pichat sim set bathroom-sensor temperature=23`."""
    # A thermostat's mode may be "off", which is a word there and not a truth value.
    given = {name: text if name == "mode" else parse_value(text) for name, text in _pairs(values)}
    _print_values(_ask(context, lambda client: client.set(device, **given)))


@sim.command()
@click.argument("device")
@click.pass_context
def motion(context: click.Context, device: str) -> None:
    """Somebody passes a motion sensor; it is free again after its hold time."""
    _print_values(_ask(context, lambda client: client.press(device)))


@sim.command()
@click.argument("device")
@click.pass_context
def press(context: click.Context, device: str) -> None:
    """Press the device's own button: lights toggle, blinds move, locks turn."""
    _print_values(_ask(context, lambda client: client.press(device)))


def _move(context: click.Context, device: str, *, opened: bool) -> None:
    async def act(client: SimulatorClient) -> dict[str, Any]:
        known = await client.values(device)
        if "position" in known:
            return await client.set(device, position=100 if opened else 0)
        return await client.set(device, open=opened)

    _print_values(_ask(context, act))


@sim.command("open")
@click.argument("device")
@click.pass_context
def open_device(context: click.Context, device: str) -> None:
    """Open a door or a window by hand."""
    _move(context, device, opened=True)


@sim.command("close")
@click.argument("device")
@click.pass_context
def close_device(context: click.Context, device: str) -> None:
    """Close a door or a window by hand."""
    _move(context, device, opened=False)


@sim.command()
@click.argument("device")
@click.option("--off", is_flag=True, help="Let it hear again.")
@click.pass_context
def deaf(context: click.Context, device: str, off: bool) -> None:
    """Take the device's power, so that it neither hears nor answers."""
    _ask(context, lambda client: client.device(device, deaf=not off))
    click.echo(f"{device} hears again." if off else f"{device} does not answer any more.")


@sim.command()
@click.option("--delay-ms", type=click.FloatRange(0, 60000), help="Radio delay each way.")
@click.option("--loss", type=click.FloatRange(0, 1), help="Share of messages lost.")
@click.pass_context
def radio(context: click.Context, delay_ms: float | None, loss: float | None) -> None:
    """Show or change what the air does to messages."""
    given = {"radio_delay_ms": delay_ms, "loss": loss}
    wanted = {name: value for name, value in given.items() if value is not None}
    _print_values(_ask(context, lambda client: client.settings(**wanted)))


def _fault(name: str, told: str) -> None:
    """Adds a command without arguments that disturbs the stick."""

    @sim.command(name, help=told)
    @click.pass_context
    def disturb(context: click.Context) -> None:
        _ask(context, lambda client: client.request(name))


for _name, _told in (
    ("unplug", "Pull the stick out: its port disappears."),
    ("plug", "Plug the stick in again."),
    ("hang", "The stick keeps its port but neither reads nor writes."),
    ("resume", "The hung stick goes on where it stopped."),
    ("crash", "The stick's firmware falls over; the host must reset it."),
    ("restart", "The stick restarts by itself, and says so."),
):
    _fault(_name, _told)


def _happening(name: str, told: str) -> None:
    """Adds a command for something that happens to one device."""

    @sim.command(name, help=told)
    @click.argument("device")
    @click.pass_context
    def happen(context: click.Context, device: str) -> None:
        _ask(context, lambda client: client.request(name, device=device))


for _name, _told in (
    ("join", "The device joins, if that is permitted; one that was there was reset."),
    ("reset", "A long press: the device leaves, and looks for an open network."),
    ("rejoin", "The device comes back to its network."),
    ("announce", "The device says that it is there, as after its power came back."),
    ("wake", "A sleeping device fetches its messages, and listens for a while."),
    ("sleep", "A sleepy device stops listening now."),
):
    _happening(_name, _told)


@sim.command()
@click.argument("device")
@click.argument("values", nargs=-1, required=True, metavar="NAME=VALUE...")
@click.pass_context
def link(context: click.Context, device: str, values: tuple[str, ...]) -> None:
    """Change how a device is reached or behaves: `pichat sim link hallway-light power=off`."""
    wanted: dict[str, Any] = {name: parse_value(text) for name, text in _pairs(values)}
    for name, value in wanted.items():
        if isinstance(value, float) and value.is_integer():
            wanted[name] = int(value)  # fields that count take no fractions
    _print_values(_ask(context, lambda client: client.device(device, **wanted)))


@sim.command()
@click.option("--stick", help="A name; each has an address and a memory of its own.")
@click.option("--network", type=click.Choice(["same", "none", "foreign"]), default="same")
@click.option("--ezsp", type=click.IntRange(13, 19), help="Its protocol version.")
@click.pass_context
def swap(context: click.Context, /, **wanted: str | int | None) -> None:
    """Plug another stick in, or this one with another network; the first is called `first`."""
    answer = _ask(context, lambda client: client.request("swap", **wanted))
    click.echo(f"The stick is now {answer['eui64']}.")


sim.add_command(play)


@sim.command()
@click.argument("device")
@click.pass_context
def leave(context: click.Context, device: str) -> None:
    """The device leaves the network, until joining is permitted again."""
    _ask(context, lambda client: client.request("leave", device=device))
