"""The exam for eyes: a bar while it goes on, then the figures, and what was wrong."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table

from pichat.cli.context import console
from pichat.llm.exam.figures import Figures, Result


class Progress:
    """On standard error, so that the output stays for programs; only on a terminal."""

    def __init__(self, total: int) -> None:
        errors = Console(stderr=True, highlight=False, emoji=False, markup=False)
        self._bar = Bar(
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.description}", markup=False),
            TimeRemainingColumn(),
            console=errors,
            disable=not errors.is_terminal,
        )
        self._task = self._bar.add_task("", total=total)
        self._right = self._asked = 0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def one(self, result: Result) -> None:
        self._asked += 1
        self._right += result.wrong is None
        self._bar.update(self._task, advance=1, description=f"{self._right} right")


def show(figures: Figures, results: Sequence[Result]) -> None:
    mistakes = [result for result in results if result.wrong is not None]
    for result in mistakes:
        console.print(f"“{result.say}”", soft_wrap=True)
        console.print(f"    {result.wrong}", soft_wrap=True)
    if mistakes:
        console.print()
    console.print(_groups(figures))
    console.print()
    console.print(_figures(figures, results))


def _groups(figures: Figures) -> Table:
    table = Table(box=None)
    table.add_column("Requests")
    table.add_column("Right", justify="right")
    table.add_column("of", justify="right")
    for group, (right, of) in figures.right_by_group.items():
        table.add_row(group, str(right), str(of))
    table.add_row("all", str(figures.right), str(figures.requests))
    return table


def _figures(figures: Figures, results: Sequence[Result]) -> Table:
    table = Table(box=None, show_header=False)
    names = dict.fromkeys(f"{each.provider}, {each.model}" for each in results if each.provider)
    table.add_row("answered by", "; ".join(names) or "nobody")
    for name, value, unit in (
        ("right", figures.right_percent, "%"),
        ("first token, half of them within", figures.first_token_p50_s, "s"),
        ("first token, 95 % within", figures.first_token_p95_s, "s"),
        ("a whole request, half of them within", figures.took_p50_s, "s"),
        ("reading", figures.reading_tokens_per_s, "tokens/s"),
        ("writing", figures.writing_tokens_per_s, "tokens/s"),
        ("memory of the model's process", figures.memory_mb, "MB"),
    ):
        table.add_row(name, "not told" if value is None else f"{value:.4g} {unit}")
    return table
