"""`pichat mcp approve` and `describe`: what a tool may say of itself, and what you say of it."""

from __future__ import annotations

from pathlib import Path

import click

from pichat.cli.client import connect
from pichat.cli.context import finish, state_dir_option
from pichat.errors import NotFoundError


@click.command()
@click.argument("name", required=False)
@click.option("--server", help="All of that server that have changed.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@state_dir_option
def approve(*, name: str | None, server: str | None, yes: bool, state_dir: Path) -> None:
    """Agree to a tool that says another thing of itself than before. It is off until then: a server
    may have been made to lead a model astray."""
    if (name is None) == (server is None):
        raise click.UsageError("Say the name of a tool, or a --server.")
    finish(_approve(state_dir, name, server, yes=yes))


@click.command()
@click.argument("name")
@click.argument("words", nargs=-1)
@click.option("--reset", is_flag=True, help="What its server says of it, again.")
@state_dir_option
def describe(*, name: str, words: tuple[str, ...], reset: bool, state_dir: Path) -> None:
    """Say in your own WORDS what a tool is for. Models are told that instead of what its server
    says."""
    if bool(words) == reset:
        raise click.UsageError("Say what it is for, or --reset.")
    finish(_describe(state_dir, name, " ".join(words) or None))


async def _approve(state_dir: Path, name: str | None, server: str | None, *, yes: bool) -> int:
    async with connect(state_dir) as connection:
        listed = (await connection.ask("get_tools", {}))["tools"]
        wanted = [each for each in listed if name == each["name"] or server == each["server"]]
        wanted = [each for each in wanted if each["server"] is not None]
        if not wanted:
            raise NotFoundError(f"There is no tool of “{name or server}”; see pichat mcp tools.")
        changed = [each for each in wanted if "changed" in each["refused_by"]]
        if not changed:
            click.echo("Nothing has changed; there is nothing to agree to.")
            return 0
        for each in changed:
            click.echo(f"{each['name']} says now:\n  {each['description']}")
        if not yes:
            click.confirm("Agree to that?", abort=True)
        for each in changed:
            await connection.ask("approve_tool", {"tool": each["name"]})
    many = len(changed)
    click.echo(f"{many} tool{'s' * (many != 1)} can be used again.")
    return 0


async def _describe(state_dir: Path, name: str, description: str | None) -> int:
    async with connect(state_dir) as connection:
        payload = {"tool": name, "description": description}
        tool = (await connection.ask("describe_tool", payload))["tool"]
    click.echo(f"Models are told of {name}: {tool['description']}")
    return 0
