"""`pichat profiles`: who answers, how, and with what voice."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, get_origin

import click
from rich.table import Table
from rich.text import Text

from pichat.cli.client import connect
from pichat.cli.context import console, finish, json_option, state_dir_option
from pichat.config.describe import members, suggestion
from pichat.config.overlay import FIELDS, read
from pichat.errors import NotFoundError

_WAKE_WORDS = "wake_words"


def read_settings(pairs: Iterable[str]) -> dict[str, Any]:
    """What `KEY=VALUE` means: text as it is, everything else as JSON, and lists also with commas
    between. What does not fit is left for the daemon to complain of."""
    settings = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals:
            raise click.UsageError(f"{pair!r} is no KEY=VALUE. Say for example: style.rate=0.9")
        settings[key.strip()] = _value(key.strip(), text)
    return settings


def _value(key: str, text: str) -> Any:
    if key == _WAKE_WORDS:
        return _parts(text)
    try:
        value = json.loads(text)
    except ValueError:
        lists = any(get_origin(member) is tuple for member in members(FIELDS.get(key)))
        return _parts(text) if lists else text
    problems: list[str] = []
    read({key: value}, problems)
    return value if not problems or str not in members(FIELDS.get(key)) else text


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _flat(settings: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def table_of(profiles: list[dict[str, Any]]) -> Table:
    """The profiles as the daemon lists them."""
    table = Table("Profile", "", "Wake words", "Changed", box=None, header_style="bold")
    for each in profiles:
        row = (
            each["name"],
            "active" if each["active"] else "",
            ", ".join(each["wake_words"]),
            ", ".join(each["changed"]),
        )
        table.add_row(*map(Text, row))
    return table


def _settings_table(profile: dict[str, Any]) -> Table:
    table = Table("Setting", "Value", "", box=None, header_style="bold")
    values = [(_WAKE_WORDS, profile["wake_words"]), *_flat(profile["settings"])]
    for name, value in values:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        table.add_row(name, Text(text), "changed" if name in profile["changed"] else "")
    return table


async def _list(state_dir: Path, *, as_json: bool) -> int:
    async with connect(state_dir) as connection:
        found = await connection.ask("get_profiles", {})
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        console.print(table_of(found["profiles"]))
    return 0


async def _show(state_dir: Path, name: str, *, as_json: bool) -> int:
    async with connect(state_dir) as connection:
        found = (await connection.ask("get_profiles", {}))["profiles"]
    by_name = {each["name"]: each for each in found}
    if name not in by_name:
        raise NotFoundError(f"There is no profile “{name}”.{suggestion(name, by_name)}")
    if as_json:
        click.echo(json.dumps(by_name[name], ensure_ascii=False, indent=2))
    else:
        console.print(_settings_table(by_name[name]))
    return 0


async def _change(state_dir: Path, action: str, payload: dict[str, Any], done: str) -> int:
    async with connect(state_dir) as connection:
        answer = await connection.ask(action, payload)
    click.echo(answer.get("message") or done)
    return 0


def _payload(name: str, pairs: tuple[str, ...]) -> dict[str, Any]:
    settings = read_settings(pairs)
    words = settings.pop(_WAKE_WORDS, None)
    return {"name": name, "settings": settings, **({} if words is None else {_WAKE_WORDS: words})}


@click.group()
def profiles() -> None:
    """Who answers: each profile's voice, models, tools and wake words."""


@profiles.command("list")
@json_option
@state_dir_option
def list_profiles(*, as_json: bool, state_dir: Path) -> None:
    """List the profiles, and what was changed of each since config.yaml."""
    finish(_list(state_dir, as_json=as_json))


@profiles.command()
@click.argument("name")
@json_option
@state_dir_option
def show(*, name: str, as_json: bool, state_dir: Path) -> None:
    """Show every setting of the profile NAME."""
    finish(_show(state_dir, name, as_json=as_json))


@profiles.command()
@click.argument("name")
@click.argument("settings", nargs=-1, metavar="[KEY=VALUE]...")
@state_dir_option
def create(*, name: str, settings: tuple[str, ...], state_dir: Path) -> None:
    """Add a profile NAME, for example: kids style.rate=0.9 chain=intents,local"""
    payload = _payload(name, settings)
    finish(_change(state_dir, "create_profile", payload, f"The profile “{name}” is there."))


@profiles.command("set")
@click.argument("name")
@click.argument("settings", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--reset", multiple=True, metavar="KEY", help="Take back what was changed.")
@state_dir_option
def set_settings(
    *, name: str, settings: tuple[str, ...], reset: tuple[str, ...], state_dir: Path
) -> None:
    """Change settings of the profile NAME from the next turn on."""
    if not settings and not reset:
        raise click.UsageError("Say KEY=VALUE, or --reset KEY. `pichat profiles show` lists them.")
    payload = {**_payload(name, settings), "reset": list(reset)}
    finish(_change(state_dir, "update_profile", payload, f"“{name}” is changed."))


@profiles.command()
@click.argument("name")
@state_dir_option
def delete(*, name: str, state_dir: Path) -> None:
    """Delete the profile NAME, or what was changed of one in config.yaml."""
    finish(_change(state_dir, "delete_profile", {"name": name}, ""))


@profiles.command()
@click.argument("name")
@state_dir_option
def activate(*, name: str, state_dir: Path) -> None:
    """Have the profile NAME answer wherever none is called."""
    finish(_change(state_dir, "activate_profile", {"name": name}, f"“{name}” is active."))
