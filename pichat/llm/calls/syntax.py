"""What a family's way of calling tools consists of."""

from __future__ import annotations

from typing import Any

import msgspec


class Syntax(msgspec.Struct, frozen=True, kw_only=True):
    """`start` begins a call and `end` ends it; between them stands JSON: an object with `name` and
    the key `arguments_key`, or with `listed` a list of those. `bare`: an object right at the
    beginning of an answer is a call, even without `start`. `again`: another call, or text, may
    follow one; else the answer is over."""

    name: str
    start: str = ""
    end: str = ""
    arguments_key: str = "arguments"
    listed: bool = False
    bare: bool = False
    again: bool = False


class Made(msgspec.Struct, frozen=True):
    """A call as a model made it."""

    name: str
    arguments: dict[str, Any]


def read_block(text: str) -> list[Made]:
    """The calls in what stood between `start` and `end`. Raises ValueError."""
    value = msgspec.json.decode(text)
    return [_made(each) for each in (value if isinstance(value, list) else [value])]


def _made(value: Any) -> Made:
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        raise ValueError("no call")  # noqa: TRY004 - what a model wrote, not what we did
    arguments = value.get("arguments", value.get("parameters", {}))
    if not isinstance(arguments, dict):
        raise ValueError("no arguments")  # noqa: TRY004 - as above
    return Made(value["name"], arguments)
