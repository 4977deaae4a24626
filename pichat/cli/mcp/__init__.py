"""`pichat mcp`: tools of other programs, over the Model Context Protocol."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import click

from pichat.cli.context import finish, json_option, state_dir_option
from pichat.cli.lazy import Lazy


class Mcp(Lazy):
    """Each command is in a file of this folder."""

    package = __name__
    summaries: ClassVar[dict[str, str]] = {
        "list": "List the servers of tools, and how each is.",
        "add": "Add a server: an address, or a program of this machine.",
        "set": "Change a server that was added.",
        "remove": "Forget a server that was added, and its keys.",
        "on": "Switch a server or tools on.",
        "off": "Switch a server or tools off.",
        "tools": "List the tools of the servers.",
        "approve": "Agree to a tool that is not what it was.",
        "describe": "Say in your own words what a tool is for.",
        "similar": "List tools of different servers that do the same.",
        "prefer": "Of tools that do the same, have one offered first.",
        "refresh": "Ask the servers again what they have.",
        "discover": "Look for servers on this machine and in the network.",
        "calls": "List which tools were called, and how that ended.",
        "serve": "Let a program of this machine use the house.",
    }
    files: ClassVar[dict[str, str]] = {
        "on": "switch",
        "off": "switch",
        "set": "add",
        "prefer": "similar",
        "describe": "approve",
        "remove": "list",
        "refresh": "list",
    }


@click.group(cls=Mcp, invoke_without_command=True)
@click.pass_context
@json_option
@state_dir_option
def mcp(context: click.Context, *, as_json: bool, state_dir: Path) -> None:
    """Tools of other programs, which speak MCP: weather, calendars, files, whatever there is.
    Models find and call them, within what you allow."""
    if context.invoked_subcommand is None:
        from pichat.cli.mcp.list import show

        finish(show(state_dir, as_json=as_json))
