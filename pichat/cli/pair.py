"""`pichat pair`: a code and a picture of it, by which a new screen or program comes in."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import click

from pichat.cli.client import Connection, connect
from pichat.cli.context import finish, json_option, state_dir_option
from pichat.cli.zigbee.asking import print_json

_LATE_S = 5.0
"""The daemon tells when a code has expired; this much later it has gone."""

_ENDS = {
    "expired": "Nobody came within the time. Try again with: pichat pair",
    "wrong_codes": "Five wrong codes were tried, so this one does not count any more.",
    "stopped": "The code was taken back, or another one given out instead.",
}


@click.command()
@click.option(
    "--scope",
    type=click.Choice(["guest", "agent", "screen", "admin"]),
    default="screen",
    show_default=True,
    help="What it may do: a visitor talks and switches; a program does not hear what is said; a"
    " screen of the house does; an admin may change everything.",
)
@click.option("--room", help="The room that it stands in.")
@click.option("--user", help="The person whom it belongs to.")
@click.option("--name", help="What it is called; else it says so itself.")
@click.option("--qr/--no-qr", default=None, help="Draw the code for a camera. Else on a terminal.")
@json_option
@state_dir_option
def pair(
    *,
    scope: str,
    room: str | None,
    user: str | None,
    name: str | None,
    qr: bool | None,
    as_json: bool,
    state_dir: Path,
) -> None:
    """Let a new screen or program in, and wait until it has come."""
    wanted = {"scope": scope, "area": room, "user": user, "name": name}
    given = {key: value for key, value in wanted.items() if value is not None}
    draws = sys.stdout.isatty() and not as_json if qr is None else qr
    finish(_pair(state_dir, given, draws=draws, as_json=as_json))


async def _pair(state_dir: Path, wanted: dict[str, Any], *, draws: bool, as_json: bool) -> int:
    async with connect(state_dir) as connection:
        await connection.ask("subscribe", {"topics": ["pairing"]})
        try:
            started = await connection.ask("start_pairing", wanted)
            if as_json:
                print_json({key: value for key, value in started.items() if key != "qr_svg"})
            else:
                _show(started, draws=draws)
            change = await _end(connection, started["pairing"])
        except asyncio.CancelledError:  # Ctrl-C: nobody is meant to come any more
            await connection.ask("stop_pairing", {"scope": wanted["scope"]})
            raise
    if as_json:
        print_json(change)
    elif change["state"] == "paired":
        room = f" in {change['area']}" if change["area"] else ""
        click.echo(f"“{change['name']}”{room} was let in as {change['scope']}.")
    else:
        click.echo(_ENDS[change["state"]], err=True)
    return 0 if change["state"] == "paired" else 1


async def _end(connection: Connection, pairing: dict[str, Any]) -> dict[str, Any]:
    """How it ended, as the event `pairing_changed` tells."""
    try:
        async with asyncio.timeout(pairing["expires_s"] - time.time() + _LATE_S):
            async for frame in connection.frames():
                change = frame.get("payload") or {}
                of_ours = frame["action"] == "pairing_changed" and change["id"] == pairing["id"]
                if of_ours and change["state"] != "open":
                    return change
    except TimeoutError:
        pass
    return {"state": "expired", "name": None, "area": None, "scope": pairing["scope"]}


def _show(started: dict[str, Any], *, draws: bool) -> None:
    code, urls = started["pairing"]["code"], started["urls"]
    minutes = round((started["pairing"]["expires_s"] - time.time()) / 60)
    click.echo(f"The code is {code[:3]} {code[3:]}. It counts once, within {minutes} minutes.")
    if started["problem"]:
        click.echo(started["problem"])
        click.echo("A browser of this machine can use the code on PiChat's page, under /pair.")
    else:
        pages = [url.partition("#")[0] for url in urls]
        camera = ", or point its camera here" if draws else ""
        click.echo(f"On the new screen, open {pages[0]} and type it{camera}.")
        if draws:
            _draw(urls[0])
        if pages[1:]:
            click.echo(f"If that does not open, try {' or '.join(pages[1:])}")
    click.echo("Waiting until it comes. Ctrl-C takes the code back.")


def _draw(url: str) -> None:
    import segno

    segno.make(url, error="m").terminal(sys.stdout, border=2, compact=True)
