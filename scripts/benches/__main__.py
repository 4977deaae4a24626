"""The bench as a table; exit code 1 when a figure is over its limit."""

from __future__ import annotations

import importlib
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table

from scripts.benches.figure import Figure

GROUPS = {
    "hero": ("hero", "hub", "spoken", "recognition"),
    "llm": (
        *("llm_stream", "llm_chain", "llm_local", "llm_prompt", "llm_daemon"),
        *("wording", "store"),
    ),
    "zigbee": (
        *("hub", "zigbee_groups", "zigbee_start", "zigbee_memory", "zigbee_kept"),
        *("zigbee_unplug", "zigbee_loss", "zigbee_join"),
    ),
    "gateway": ("gateway_stream", "gateway_screens", "gateway_fuzz"),
    "mcp": ("mcp_prompt", "mcp_servers", "mcp_deaths"),
    "voice": ("spoken", "talking", "mouth", "wake", "endpointing", "audio", "whisper", "turns"),
}
"""Each group's files in this folder; each has `run() -> list[Figure]`. One that two groups share is
measured once, for both."""


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def _run(name: str) -> list[Figure]:
    found: list[Figure] = importlib.import_module(f"scripts.benches.{name}").run()
    return found


def _measured(name: str) -> list[Figure]:
    """In a process of its own: what one loads must not cost, or disturb, the next."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_run, name).result()


def _table(figures: list[Figure]) -> Table:
    table = Table(box=None)
    table.add_column("Figure", no_wrap=True)
    for heading in ("Value", "", "Limit", "Peer", "Samples", "Note"):
        table.add_column(heading)
    for figure in figures:
        sign = "≤" if figure.sense == "at most" else "≥"
        table.add_row(
            figure.name,
            _number(figure.value),
            figure.unit,
            "" if figure.limit is None else f"{sign} {_number(figure.limit)}",
            f"{_number(figure.peer)} {figure.peer_source or ''}".strip(),
            str(figure.samples),
            figure.note if figure.ok else f"[red]over its limit[/] {figure.note}",
        )
    return table


@click.command()
@click.argument("groups", nargs=-1, type=click.Choice(list(GROUPS)))
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False))
def main(groups: tuple[str, ...], json_file: Path | None) -> None:
    """Measure GROUPS, or all."""
    figures: list[Figure] = []
    files = [name for group in groups or GROUPS for name in GROUPS[group]]
    for name in dict.fromkeys(files):
        click.echo(f"measuring {name} …", err=True)
        figures += _measured(name)
    Console().print(_table(figures))
    if json_file:
        json_file.write_bytes(msgspec.json.encode(figures))
    sys.exit(any(not figure.ok for figure in figures))


if __name__ == "__main__":
    main()
