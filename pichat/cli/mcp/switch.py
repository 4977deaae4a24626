"""`pichat mcp on` and `off`: servers, or single tools."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from pichat.cli.client import connect
from pichat.cli.context import finish, state_dir_option
from pichat.cli.mcp.add import how_it_is

F = TypeVar("F", bound=Callable[..., Any])
_WHOSE = {"profile": "profile", "client": "client_id", "user": "user", "token": "token"}


def _whose(command: F) -> F:
    for option in reversed(
        (
            click.option("--profile", help="For that profile alone."),
            click.option("--client", help="For that front end alone."),
            click.option("--user", help="For that person alone."),
            click.option("--token", help="For the program that came in with that token (its id)."),
        )
    ):
        command = option(command)
    return command


@click.command()
@click.argument("names", nargs=-1, required=True)
@_whose
@state_dir_option
def on(names: tuple[str, ...], state_dir: Path, **whose: str | None) -> None:
    """Switch servers on, or tools: NAMES as `pichat mcp tools` lists them, or patterns such as
    weather__get_*. That holds from the next turn on."""
    finish(_switch(state_dir, names, whose, on=True))


@click.command()
@click.argument("names", nargs=-1, required=True)
@_whose
@state_dir_option
def off(names: tuple[str, ...], state_dir: Path, **whose: str | None) -> None:
    """Switch servers off, or tools: NAMES as `pichat mcp tools` lists them, or patterns such as
    weather__set_*. That holds from the next turn on."""
    finish(_switch(state_dir, names, whose, on=False))


async def _switch(
    state_dir: Path, names: tuple[str, ...], whose: dict[str, str | None], *, on: bool
) -> int:
    given = {_WHOSE[key]: value for key, value in whose.items() if value is not None}
    if len(given) > 1:
        raise click.UsageError("Say one of --profile, --client, --user and --token.")
    tools = [name for name in names if "__" in name or "*" in name]
    servers = [name for name in names if name not in tools]
    if given:  # of a whole server, for somebody: all of its tools
        tools += [f"{name}__*" for name in servers]
        servers = []
    async with connect(state_dir) as connection:
        for name in servers:
            payload = {"name": name, "enabled": on}
            server = (await connection.ask("update_mcp_server", payload))["server"]
            click.echo(f"“{name}” is off." if not on else f"“{name}” is on. {how_it_is(server)}")
        if tools:
            change: dict[str, Any] = {**given} if given else {"everybody": True}
            change["on" if on else "off"] = tools
            await connection.ask("update_tool_preferences", change)
            listed = (await connection.ask("get_tools", {}))["tools"]
            click.echo(_switched(tools, listed, given, on=on))
    return 0


def _switched(
    patterns: list[str], listed: list[dict[str, Any]], given: dict[str, str], *, on: bool
) -> str:
    from fnmatch import fnmatchcase

    fitting = [
        each["name"]
        for each in listed
        if each["server"] is not None and any(fnmatchcase(each["name"], p) for p in patterns)
    ]
    many = f"{len(fitting)} tool{'s' * (len(fitting) != 1)}"
    who = f" for {next(iter(given.values()))}" if given else ""
    if not fitting:
        return f"No tool fits that now; one that comes later is {'on' if on else 'off'}{who}."
    return f"{many} {'is' if len(fitting) == 1 else 'are'} {'on' if on else 'off'}{who}."
