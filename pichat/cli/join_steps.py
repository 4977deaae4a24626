"""How far devices have come that join, for eyes: a picture on a terminal, lines anywhere else."""

from __future__ import annotations

import json
import time
from types import TracebackType
from typing import Any, Protocol, Self

import click
from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

_DOING = {"joined": "is here", "interviewing": "is asked what it is", "setting_up": "is set up"}
_OVER = {"ready", "failed", "gone"}


def in_words(progress: dict[str, Any]) -> str:
    """A step of a device (the payload of `join_progress`), without its name."""
    step, reason = progress["step"], progress["reason"]
    if step == "ready":
        device = progress["device"]
        if not device["capabilities"]:
            return "has joined, but PiChat does not know what can be done with it."
        return f"is ready: a {device['kind']}."
    if step == "gone":
        return f"is gone. {reason}"
    if step == "failed":
        return f"is not finished. {reason}"
    detail = f" ({progress['detail']})" if progress["detail"] else ""
    return _DOING[step] + detail


def name_of(progress: dict[str, Any]) -> str:
    device = progress["device"]
    return device["name"] if device else f"Device {progress['device_id']}"


class Steps(Protocol):
    """Shown while it is entered."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def open(self, until_s: float | None) -> None:
        """Devices may join until then, in seconds since the epoch."""
        ...

    def told(self, progress: dict[str, Any]) -> None: ...


class JsonSteps:
    """Implements Steps: each step as a line for programs."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def open(self, until_s: float | None) -> None: ...

    def told(self, progress: dict[str, Any]) -> None:
        click.echo(json.dumps(progress, ensure_ascii=False))


class LineSteps(JsonSteps):
    """Implements Steps: a line for each step that is another one."""

    def __init__(self) -> None:
        self._last: dict[str, str] = {}

    def open(self, until_s: float | None) -> None:
        if until_s is not None:
            click.echo(f"For {_left(until_s)} s devices may join. {_WHAT_TO_DO}")

    def told(self, progress: dict[str, Any]) -> None:
        if self._last.get(progress["device_id"]) != progress["step"] or progress["step"] in _OVER:
            self._last[progress["device_id"]] = progress["step"]
            click.echo(f"{name_of(progress)} {in_words(progress)}")


class LiveSteps:
    """Implements Steps on a terminal: a row for each device that moves, and the time that is left.
    Rows that are over stay when it ends."""

    def __init__(self, console: Console) -> None:
        self._rows: dict[str, dict[str, Any]] = {}
        self._until_s: float | None = None
        self._spinner = Spinner("dots")
        self._live = Live(
            console=console, get_renderable=self._picture, transient=True, refresh_per_second=8
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def open(self, until_s: float | None) -> None:
        self._until_s = until_s

    def told(self, progress: dict[str, Any]) -> None:
        if progress["step"] in ("ready", "gone"):
            self._rows.pop(progress["device_id"], None)
            mark = "✓" if progress["step"] == "ready" else "✗"
            self._live.console.print(f"{mark} {name_of(progress)} {in_words(progress)}")
        else:
            self._rows[progress["device_id"]] = progress

    def _picture(self) -> Group:
        rows = Table.grid(padding=(0, 1))
        for progress in self._rows.values():
            over = progress["step"] in _OVER
            text = Text(f"{name_of(progress)} {in_words(progress)}")
            rows.add_row(Text("✗", style="red") if over else self._spinner, text)
        if self._until_s is None:
            return Group(rows)
        left = Text(f"{_left(self._until_s)} s left. ", style="bold")
        return Group(rows, left + Text(_WHAT_TO_DO))


_WHAT_TO_DO = "Put the new device into pairing mode, close by. Ctrl-C ends it."


def _left(until_s: float) -> int:
    return max(0, round(until_s - time.time()))
