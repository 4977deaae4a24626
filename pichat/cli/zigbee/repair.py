"""`pichat zigbee repair`: what to do with a stick that PiChat refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pichat.cli.client import Connection, connect
from pichat.cli.context import finish, state_dir_option
from pichat.errors import BadRequestError

_CHOICES = ("restore", "adopt", "start-afresh")


async def _repair(choice: str | None, state_dir: Path, *, keep_new_address: bool, yes: bool) -> int:
    async with connect(state_dir) as connection:
        if choice is None:
            return _explain(await connection.ask("repair_network", {}))
        payload = {
            "choice": choice.replace("-", "_"),
            "allow_new_address": keep_new_address,
        }
        meaning = (await connection.ask("repair_network", payload))["choices"][0]["meaning"]
        click.echo(meaning)
        if not yes and not click.confirm("Do it?"):
            return 1
        return await _do(connection, payload)


async def _do(connection: Connection, payload: dict[str, Any]) -> int:
    answer = await connection.ask("repair_network", {**payload, "sure": True})
    if not answer["done"]:
        raise BadRequestError("PiChat did not do it.")
    click.echo("Done. `pichat doctor` tells whether the stick works now.")
    return 0


def _explain(answer: dict[str, Any]) -> int:
    click.echo(answer["reason"] or "The Zigbee stick is not refused: there is nothing to repair.")
    for each in answer["choices"]:
        click.echo(f"\n{each['choice'].replace('_', '-')}\n  {each['meaning']}")
    return 0


@click.command()
@click.argument("choice", type=click.Choice(_CHOICES), required=False)
@click.option(
    "--keep-new-address",
    is_flag=True,
    help="Restore also when the stick cannot take over the address of the old one.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@state_dir_option
def repair(*, choice: str | None, keep_new_address: bool, yes: bool, state_dir: Path) -> None:
    """Say why the Zigbee stick is refused and what can be done; with CHOICE, explain it, ask, and
    do it."""
    finish(_repair(choice, state_dir, keep_new_address=keep_new_address, yes=yes))
