"""`pichat tokens`: which screens and programs were let in, and taking that back."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from pichat.cli.client import Connection, connect
from pichat.cli.context import console, finish, json_option, state_dir_option
from pichat.cli.devices import ago
from pichat.cli.zigbee.asking import ask, print_json
from pichat.errors import BadRequestError, NotFoundError

Token = dict[str, Any]
_KEEP_IT = "Keep it: it is not shown again. It is sent as the header “Authorization: Bearer TOKEN”."


@click.group(invoke_without_command=True)
@click.pass_context
@json_option
@state_dir_option
def tokens(context: click.Context, *, as_json: bool, state_dir: Path) -> None:
    """The screens and programs that were let in. Let another in with: pichat pair"""
    if context.invoked_subcommand is None:
        finish(_list(state_dir, as_json=as_json))


@tokens.command("list")
@json_option
@state_dir_option
def list_(*, as_json: bool, state_dir: Path) -> None:
    """List them, with what each may do and when it was last used."""
    finish(_list(state_dir, as_json=as_json))


@tokens.command()
@click.argument("wanted", metavar="NAME-OR-ID")
@state_dir_option
def revoke(wanted: str, state_dir: Path) -> None:
    """Let one in no more. It is disconnected at once."""
    finish(_revoke(state_dir, wanted))


@tokens.command()
@click.argument("wanted", metavar="NAME-OR-ID")
@click.argument("name", required=False)
@click.option("--room", help="The room that it stands in; an empty one for none.")
@state_dir_option
def rename(wanted: str, name: str | None, room: str | None, state_dir: Path) -> None:
    """Give one another name or room."""
    if name is None and room is None:
        raise click.UsageError("Say a new name, or a --room.")
    finish(_rename(state_dir, wanted, name, room))


@tokens.command()
@click.argument("name")
@click.option(
    "--scope",
    type=click.Choice(["guest", "agent", "screen", "admin"]),
    default="agent",
    show_default=True,
)
@click.option("--room", help="The room that it stands in.")
@click.option("--user", help="The person whom it belongs to.")
@json_option
@state_dir_option
def add(
    *, name: str, scope: str, room: str | None, user: str | None, as_json: bool, state_dir: Path
) -> None:
    """Make one for a program, which needs no code then. It is printed once."""
    wanted = {"name": name, "scope": scope, "area": room, "user": user}
    finish(_add(state_dir, wanted, as_json=as_json))


async def _list(state_dir: Path, *, as_json: bool) -> int:
    found = (await ask(state_dir, "get_tokens"))["tokens"]
    if as_json:
        print_json(found)
    elif found:
        console.print(_table(found))
    else:
        console.print("No screen or program was let in yet. Let one in with: pichat pair")
    return 0


async def _revoke(state_dir: Path, wanted: str) -> int:
    async with connect(state_dir) as connection:
        token = await _find(connection, wanted)
        await connection.ask("revoke_token", {"token_id": token["id"]})
    click.echo(f"“{token['name']}” is not let in any more.")
    return 0


async def _rename(state_dir: Path, wanted: str, name: str | None, room: str | None) -> int:
    async with connect(state_dir) as connection:
        payload: Token = {"token_id": (await _find(connection, wanted))["id"]}
        if name is not None:
            payload["name"] = name
        if room is not None:
            payload["area"] = room or None
        token = (await connection.ask("update_token", payload))["token"]
    click.echo(f"“{token['name']}” is in {token['area'] or 'no room'}.")
    return 0


async def _add(state_dir: Path, wanted: Token, *, as_json: bool) -> int:
    made = await ask(state_dir, "create_token", **wanted)
    if as_json:
        print_json(made)
    else:
        click.echo(made["secret"])
        click.echo(_KEEP_IT, err=True)
    return 0


async def _find(connection: Connection, wanted: str) -> Token:
    """By id or name. Raises NotFoundError, and BadRequestError for a name that several have."""
    found = (await connection.ask("get_tokens", {}))["tokens"]
    for token in found:
        if token["id"] == wanted:
            return dict(token)
    named = [token for token in found if token["name"].casefold() == wanted.casefold()]
    if not named:
        raise NotFoundError(f"There is no token called “{wanted}”; see pichat tokens.")
    if len(named) > 1:
        ids = ", ".join(token["id"] for token in named)
        raise BadRequestError(f"Several are called “{wanted}”; say which by its id: {ids}.")
    return dict(named[0])


def _table(found: list[Token]) -> Table:
    columns = ("Name", "May be", "Room", "Person", "Last used", "Id")
    table = Table(*columns, box=None, header_style="bold")
    for token in found:
        used = "now" if token["connected"] else ago(token["last_used_s"], time.time())
        cells = (token["name"], token["scope"], token["area"] or "", token["user_id"], used)
        table.add_row(*(Text(each) for each in cells), Text(token["id"], style="dim"))
    return table
