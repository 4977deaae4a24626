"""`pichat zigbee diagnostics`: all that helps to understand what is wrong, in one file."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import click

from pichat.cli.context import finish, state_dir_option
from pichat.cli.zigbee.asking import ask


def write_export(file: Path, text: str) -> None:
    """JSON, or for a name that ends in .zip that in a zip. Raises OSError."""
    if file.suffix.casefold() != ".zip":
        file.write_text(text, encoding="utf-8")
        return
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("diagnostics.json", text)


async def _diagnostics(state_dir: Path, file: Path) -> int:
    told = (await ask(state_dir, "get_diagnostics"))["diagnostics"]
    write_export(file, json.dumps(told, ensure_ascii=False, indent=1))
    click.echo(
        f"{file} is written. It holds no key, but the names of your devices and rooms: look at it"
        " before you send it to somebody."
    )
    return 0


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@state_dir_option
def diagnostics(file: Path, *, state_dir: Path) -> None:
    """Write versions, settings, devices, counters and the last troubles to FILE (.json or .zip);
    keys are masked."""
    finish(_diagnostics(state_dir, file))
