"""`pichat mcp add` and `set`: a server by its address, or a program of this machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from pichat.cli.client import connect
from pichat.cli.context import finish, state_dir_option

F = TypeVar("F", bound=Callable[..., Any])
_BEARER = "Authorization"


def _settings(command: F) -> F:
    """The options for how a server is reached and used."""
    for option in reversed(
        (
            click.option(
                "--key", is_flag=True, help="Ask for a key, which it is shown with every request."
            ),
            click.option(
                "--header",
                "headers",
                multiple=True,
                metavar="NAME",
                help="Ask for the value of a header. NAME='${VAR}' takes it from .env.",
            ),
            click.option(
                "--env",
                "env",
                multiple=True,
                metavar="NAME",
                help="Ask for a variable of the program's. NAME='${VAR}' takes it from .env.",
            ),
            click.option("--folder", help="Where the program works."),
            click.option("--sse", is_flag=True, help="It is an old one, over SSE."),
            click.option(
                "--only", metavar="PATTERNS", help="Which of its tools are wanted, such as get_*."
            ),
        )
    ):
        command = option(command)
    return command


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="[NAME] (URL | -- PROGRAM [ARGUMENT]…)")
@_settings
@click.option("--off", is_flag=True, help="Do not use it yet.")
@state_dir_option
def add(words: tuple[str, ...], *, off: bool, state_dir: Path, **settings: Any) -> None:
    """Add a server of tools.

    \b
    pichat mcp add weather https://weather.example/mcp --key
    pichat mcp add files -- npx -y some-server /home/me/notes

    Keys are asked for and not shown; without a terminal, they are read from standard input, a line
    each.
    """
    name, target = _target(words)
    payload = {**target, **_payload(**settings), "enabled": not off}
    if name is not None:
        payload["name"] = name
    finish(_add(state_dir, payload))


@click.command("set")
@click.argument("name")
@click.option("--url", help="Another address.")
@_settings
@click.option("--without", multiple=True, metavar="NAME", help="Take a header or variable away.")
@state_dir_option
def set(  # noqa: A001  (the command's name)
    name: str, url: str | None, without: tuple[str, ...], state_dir: Path, **settings: Any
) -> None:
    """Change a server that was added, such as its key."""
    payload = _payload(**settings) | ({"url": url} if url else {})
    if not payload and not without:
        raise click.UsageError("Say what should change. `pichat mcp set --help` lists it.")
    finish(_set(state_dir, name, payload, without))


def _target(words: tuple[str, ...]) -> tuple[str | None, dict[str, Any]]:
    """The name, if there is one, and what stands for the server."""
    if "://" in words[0]:
        if len(words) > 1:
            raise click.UsageError(f"“{words[1]}” is too much after an address.")
        return None, {"url": words[0]}
    name, *rest = words
    if not rest:
        raise click.UsageError(
            f"Say after “{name}” where it is: http://HOST:PORT/mcp, or -- PROGRAM ARGUMENT…"
        )
    if "://" in rest[0] and len(rest) == 1:
        return name, {"url": rest[0]}
    return name, {"command": rest}


def _payload(
    headers: tuple[str, ...],
    env: tuple[str, ...],
    folder: str | None,
    only: str | None,
    *,
    key: bool,
    sse: bool,
) -> dict[str, Any]:
    payload: dict[str, Any] = {}
    values = dict(_value(each, "header") for each in headers)
    if key:
        values[_BEARER] = f"Bearer {_secret('Its key')}"
    if values:
        payload["headers"] = values
    if env:
        payload["env"] = dict(_value(each, "variable") for each in env)
    if folder:
        payload["folder"] = str(Path(folder).expanduser().absolute())
    if sse:
        payload["transport"] = "sse"
    if only:
        payload["tools"] = [each.strip() for each in only.split(",") if each.strip()]
    return payload


def _value(given: str, what: str) -> tuple[str, str]:
    """The name and its value, which is asked for."""
    name, equals, value = given.partition("=")
    if equals and "${" not in value:
        raise click.UsageError(
            f"Leave the value of “{name}” away: it is asked for, and stands in no history then."
        )
    return name, value if equals else _secret(f"The {what} {name}")


def _secret(what: str) -> str:
    if sys.stdin.isatty():
        return str(click.prompt(what, hide_input=True, err=True))
    line = sys.stdin.readline().rstrip("\n")
    if not line:
        raise click.UsageError(f"{what} has to come by standard input, on a line of its own.")
    return line


async def _add(state_dir: Path, payload: dict[str, Any]) -> int:
    async with connect(state_dir) as connection:
        server = (await connection.ask("add_mcp_server", payload))["server"]
    click.echo(f"“{server['name']}” is added. {how_it_is(server)}")
    return 0


async def _set(
    state_dir: Path, name: str, payload: dict[str, Any], without: tuple[str, ...]
) -> int:
    async with connect(state_dir) as connection:
        servers = (await connection.ask("get_mcp_servers", {}))["servers"]
        has: dict[str, Any] = next((each for each in servers if each["name"] == name), {})
        for gone in without:
            place = "headers" if gone in has.get("headers", ()) else "env"
            payload.setdefault(place, {})[gone] = None
        server = (await connection.ask("update_mcp_server", {"name": name, **payload}))["server"]
    click.echo(f"“{name}” is changed. {how_it_is(server)}")
    return 0


def how_it_is(server: dict[str, Any]) -> str:
    """One sentence or two on a server, and what to do next."""
    name, tools = server["name"], server["tools"]
    match server["state"]:
        case "off":
            return f"It is off; switch it on with: pichat mcp on {name}"
        case "failed":
            return (
                f"It cannot be used yet. {server['reason']} It is tried again by itself; or change"
                f" it with: pichat mcp set {name}"
            )
        case "starting":
            return "It is still starting; see how it is with: pichat mcp"
    many = f"{tools} tool{'s' * (tools != 1)}"
    return f"It is ready and has {many}; see them with: pichat mcp tools --server {name}"
