"""`pichat users`: the people of the house, and what each may."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.table import Table
from rich.text import Text

from pichat.cli.client import connect
from pichat.cli.context import console, finish, json_option, state_dir_option
from pichat.cli.zigbee.asking import ask, print_json

F = TypeVar("F", bound=Callable[..., Any])
_NOBODY, _ALL = "active", "all"


@click.group(invoke_without_command=True)
@click.pass_context
@json_option
@state_dir_option
def users(context: click.Context, *, as_json: bool, state_dir: Path) -> None:
    """The people of the house. Each has conversations and settings of their own; what children and
    visitors may do is up to you."""
    if context.invoked_subcommand is None:
        finish(_list(state_dir, as_json=as_json))


def _terms(command: F) -> F:
    """The options for what a person may."""
    for option in reversed(
        (
            click.option("--kind", type=click.Choice(["adult", "child", "guest"])),
            click.option(
                "--profile", help=f"Who answers; “{_NOBODY}” for whichever profile is active."
            ),
            click.option(
                "--tools",
                help="Names or patterns (get_*) of the tools that may be used, with commas"
                f" between; “{_ALL}” for every one.",
            ),
            click.option(
                "--cloud/--no-cloud", default=None, help="Whether models in the cloud may be asked."
            ),
        )
    ):
        command = option(command)
    return command


@users.command("list")
@json_option
@state_dir_option
def list_(*, as_json: bool, state_dir: Path) -> None:
    """List them with what each may."""
    finish(_list(state_dir, as_json=as_json))


@users.command()
@click.argument("name")
@_terms
@state_dir_option
def add(name: str, state_dir: Path, **terms: Any) -> None:
    """Add a person, for example: Mia --kind child"""
    payload = {"name": name, **_payload(**terms)}
    finish(_change(state_dir, "create_user", payload, f"“{name}” lives here now."))


@users.command("set")
@click.argument("user", metavar="NAME")
@click.option("--name", "new_name", metavar="NEW-NAME", help="Another name.")
@_terms
@click.option("--model", help="Who thinks for them: auto, local, or a provider of the config.")
@click.option("--language", help="In which language they are answered.")
@state_dir_option
def set_(
    user: str,
    new_name: str | None,
    model: str | None,
    language: str | None,
    state_dir: Path,
    **terms: Any,
) -> None:
    """Change a person from the next turn on."""
    payload = _payload(**terms) | ({"name": new_name} if new_name else {})
    settings = {"selected_model": model, "language": language}
    settings = {key: value for key, value in settings.items() if value is not None}
    if not payload and not settings:
        raise click.UsageError("Say what should change. `pichat users set --help` lists it.")
    finish(_set(state_dir, user, payload, settings))


@users.command()
@click.argument("user", metavar="NAME")
@click.option("--yes", is_flag=True, help="Do not ask.")
@state_dir_option
def remove(*, user: str, yes: bool, state_dir: Path) -> None:
    """Somebody moves out: what they said is deleted, and their screens are not let in any more."""
    if not yes:
        click.confirm(f"Delete {user} and all conversations of theirs?", abort=True)
    finish(_change(state_dir, "delete_user", {"user": user}, ""))


def _payload(
    kind: str | None, profile: str | None, tools: str | None, *, cloud: bool | None
) -> dict[str, Any]:
    payload: dict[str, Any] = {}
    if kind is not None:
        payload["kind"] = kind
    if profile is not None:
        payload["profile"] = None if profile == _NOBODY else profile
    if tools is not None:
        names = [each.strip() for each in tools.split(",") if each.strip()]
        payload["tools"] = None if tools == _ALL else names
    if cloud is not None:
        payload["may_use_cloud"] = cloud
    return payload


async def _list(state_dir: Path, *, as_json: bool) -> int:
    found = (await ask(state_dir, "get_users"))["users"]
    if as_json:
        print_json(found)
    else:
        console.print(table_of(found))
    return 0


def table_of(found: list[dict[str, Any]]) -> Table:
    """The people as the daemon lists them."""
    table = Table("Name", "Kind", "Profile", "Cloud", "Tools", box=None, header_style="bold")
    for each in found:
        tools = "all" if each["tools"] is None else ", ".join(each["tools"]) or "none"
        cloud = "may be asked" if each["may_use_cloud"] else "never"
        row = (each["name"], each["kind"], each["profile"] or _NOBODY, cloud, tools)
        table.add_row(*map(Text, row))
    return table


async def _set(
    state_dir: Path, user: str, payload: dict[str, Any], settings: dict[str, Any]
) -> int:
    async with connect(state_dir) as connection:
        # What is refused more easily comes first: then nothing has changed.
        if settings:
            await connection.ask("update_settings", {"user": user, **settings})
        if payload:
            answer = await connection.ask("update_user", {"user": user, **payload})
            user = answer["user"]["name"]
    click.echo(f"“{user}” is changed.")
    return 0


async def _change(state_dir: Path, action: str, payload: dict[str, Any], done: str) -> int:
    async with connect(state_dir) as connection:
        answer = await connection.ask(action, payload)
    click.echo(answer.get("message") or done)
    return 0
