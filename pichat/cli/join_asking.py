"""What `pichat join` asks whoever sits before it: a name, a room, and whether there are more."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click


def name_and_room(
    device: dict[str, Any], devices: Sequence[dict[str, Any]], name: str | None, area: str | None
) -> tuple[str, str | None]:
    """What somebody says about the new device; `name` and `area` are offered. A room that is there
    already is meant whatever its capitals are."""
    rooms = {each["area"].casefold(): each["area"] for each in devices if each["area"]}
    offered = f" ({', '.join(sorted(rooms.values()))}, or another)" if rooms else ""
    with _interruptible():
        name = click.prompt("What is it called?", default=name or device["name"])
        area = area or device["area"] or ""
        area = click.prompt(
            f"Which room is it in?{offered}", default=area, show_default=bool(area)
        ).strip()
    return name.strip(), rooms.get(area.casefold(), area) or None


def yes(question: str) -> bool:
    with _interruptible():
        return click.confirm(question)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C ends a question; the event loop's own handler would wait for its answer."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
