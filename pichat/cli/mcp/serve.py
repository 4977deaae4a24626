"""`pichat mcp serve`: the house for a program of this machine that starts its servers itself."""

from __future__ import annotations

import json
from pathlib import Path

import click

from pichat.cli.client import fetch_health
from pichat.cli.context import finish, state_dir_option
from pichat.cli.mcp.bridge import Bridge
from pichat.cli.mcp.stdio import Output, lines

_WAIT_S = 10.0
_NOT_JSON = {"code": -32700, "message": "That line is no JSON object."}


@click.command()
@state_dir_option
def serve(state_dir: Path) -> None:
    """Speak MCP on standard input and output, for the PiChat that runs here.

    Programs such as desktop assistants are told to start "pichat mcp serve"; what they ask is
    answered by the daemon, with the same confirmations as everywhere.
    """
    finish(_serve(state_dir))


async def _serve(state_dir: Path) -> int:
    await fetch_health(state_dir)  # so that it is said at once when there is no daemon
    output = Output()
    async with Bridge(state_dir, output.write, _complain) as bridge:
        try:
            async for line in lines():
                if not line.strip():
                    continue
                message = _read(line)
                if message is None:
                    await output.write({"jsonrpc": "2.0", "id": None, "error": _NOT_JSON})
                else:
                    await bridge.take(message)
        except ValueError:
            click.echo("A line was longer than any message may be.", err=True)
            return 1
        await bridge.settled(_WAIT_S)
    return 0


def _read(line: bytes) -> dict[str, object] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _complain(sentence: str) -> None:
    click.echo(sentence, err=True)
