"""`pichat find`: the PiChats of this network."""

from __future__ import annotations

import json

import click
import msgspec

from pichat.cli.context import finish, json_option
from pichat.gateway.finding import find as find_all


async def _find(look_s: float, *, as_json: bool) -> int:
    found = await find_all(look_s)
    if as_json:
        click.echo(json.dumps([msgspec.to_builtins(each) for each in found], indent=2))
        return 0 if found else 1
    if not found:
        click.echo(
            "No PiChat has answered. It announces itself when server.host in its config.yaml is an"
            " address of the network, such as 0.0.0.0; `pichat doctor` on its machine tells more.",
            err=True,
        )
        return 1
    for each in found:
        click.echo(f"{each.name} ({each.version})")
        for url in (each.url, *each.addresses):
            click.echo(f"  {url}")
    return 0


@click.command()
@click.option(
    "--timeout",
    "look_s",
    type=click.FloatRange(0.5, 60),
    default=3.0,
    show_default=True,
    help="Look for so many seconds.",
)
@json_option
def find(look_s: float, *, as_json: bool) -> None:
    """List the PiChats that this network knows, with their addresses. Exit code 1 when there is
    none."""
    finish(_find(look_s, as_json=as_json))
