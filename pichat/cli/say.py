"""`pichat say TEXT`: one turn by text, streamed to the terminal."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path

import click

from pichat.cli.client import connect
from pichat.cli.context import finish, json_option, state_dir_option


def _conversation() -> str:
    """One for each terminal and day, so that "yes" answers what was asked there."""
    return f"shell-{os.getsid(0)}-{datetime.now().astimezone().date()}"


async def _say(state_dir: Path, text: str, *, as_json: bool) -> int:
    code = None
    async with connect(state_dir) as connection:
        payload = {
            "text": text,
            "conversation_id": _conversation(),
            "source": "shell",
        }
        async for frame in connection.stream("chat", payload):
            if as_json:
                click.echo(json.dumps(frame, ensure_ascii=False))
            elif frame["status"] == "chunk" and frame["chunk"]["type"] == "text":
                click.echo(frame["chunk"]["data"], nl=False)
            if frame["status"] == "complete":
                code = frame["payload"].get("code")
    if not as_json:
        click.echo()
    return 1 if code else 0


@click.command()
@click.argument("text", nargs=-1, required=True)
@json_option
@state_dir_option
def say(text: tuple[str, ...], *, as_json: bool, state_dir: Path) -> None:
    """Say TEXT to the running daemon and print its answer. Exit code 1 when it was not done."""
    said = " ".join(text)
    if not said.strip():
        raise click.UsageError("TEXT is empty. Say for example: turn on the kitchen light")
    finish(_say(state_dir, said, as_json=as_json))
