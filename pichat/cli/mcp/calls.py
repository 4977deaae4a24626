"""`pichat mcp calls`: which tools were called, by whom, and how that ended."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from pichat.cli.client import connect
from pichat.cli.context import console, finish, json_option, state_dir_option
from pichat.cli.zigbee.asking import print_json


@click.command()
@click.option("--tool", help="Of one tool, or of those that fit a pattern such as weather__*.")
@click.option("--limit", type=click.IntRange(1, 500), default=30, show_default=True)
@json_option
@state_dir_option
def calls(*, tool: str | None, limit: int, as_json: bool, state_dir: Path) -> None:
    """List calls of tools of other programs, the newest first. They are kept for 30 days."""
    asked: dict[str, Any] = {"limit": limit}
    if tool is not None:
        asked["tool"] = tool
    finish(_calls(state_dir, asked, as_json=as_json))


async def _calls(state_dir: Path, asked: dict[str, Any], *, as_json: bool) -> int:
    async with connect(state_dir) as connection:
        found = (await connection.ask("get_tool_calls", asked))["calls"]
    if as_json:
        print_json(found)
    elif not found:
        click.echo("No tool of another program was called yet.")
    else:
        console.print(_table(found))
    return 0


def _table(found: list[dict[str, Any]]) -> Table:
    table = Table(box=None, header_style="bold")
    for column in ("When", "Tool", "Ended", "Took", "For"):
        table.add_column(column, no_wrap=column == "Tool")
    for each in found:
        when = datetime.fromtimestamp(each["at_s"]).astimezone().strftime("%d %b %H:%M:%S")
        whose = f"{each['user_id']} ({each['source']})"
        took = f"{each['duration_ms'] / 1000:.2f} s"
        table.add_row(*map(Text, (when, each["tool"], each["outcome"], took, whose)))
    return table
