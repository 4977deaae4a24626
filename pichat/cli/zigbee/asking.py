"""What the commands about the network share: asking the daemon, and a yes that it asks back for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from pichat.cli.client import Connection, connect
from pichat.errors import PiChatError

device_argument = click.argument("device")
endpoint_option = click.option(
    "--endpoint", type=click.IntRange(1, 254), help="Where the device has it more than once."
)
maker_option = click.option(
    "--maker", type=int, help="The manufacturer's code, for attributes of its own."
)


async def ask(state_dir: Path, action: str, **payload: Any) -> dict[str, Any]:
    """The reply. Fields that are None are left out; an act is the shell's."""
    async with connect(state_dir) as connection:
        return await connection.ask(action, _given(payload))


async def ask_with_yes(state_dir: Path, action: str, **payload: Any) -> dict[str, Any] | None:
    """Like `ask`; where the daemon asks for a person's yes first, that person is here. After a yes
    the reply is what became of it; None after a no. Raises PiChatError when the device failed."""
    async with connect(state_dir) as connection:
        reply = await connection.ask(action, _given({**payload, "source": "shell"}))
        question = reply.get("question")
        if question is None:
            return reply
        return await _answer(connection, question)


async def _answer(connection: Connection, question: dict[str, Any]) -> dict[str, Any] | None:
    yes = click.confirm(question["text"])
    payload = {"id": question["id"], "yes": yes, "source": "shell"}
    outcomes = (await connection.ask("confirm", payload)).get("outcomes") or ()
    for outcome in outcomes:
        if outcome["error_code"] is not None:
            raise PiChatError.of(outcome["error_code"], outcome["error"])
    return {"outcomes": list(outcomes)} if yes else None


def _given(payload: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in payload.items() if value is not None}


def as_number(text: str) -> int | str:
    """A number in any base (6, 0x0006), else the text as it is: a name."""
    try:
        return int(text, 0)
    except ValueError:
        return text


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))
