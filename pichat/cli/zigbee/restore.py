"""`pichat zigbee restore`: bring a backup back, also onto another stick."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from pichat.cli.context import finish, state_dir_option
from pichat.cli.zigbee.alone import config_option
from pichat.cli.zigbee.bringing_back import bring_back
from pichat.errors import UnavailableError


async def _restore(backup: str, state_dir: Path, config_path: Path | None, *, yes: bool) -> int:
    source = await asyncio.to_thread(_content, Path(backup))
    click.echo(f"Restoring {backup}:")
    return await bring_back(source or backup, backup, state_dir, config_path, yes=yes)


def _content(path: Path) -> bytes | None:
    """None when there is no such file: then it is a backup's name."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UnavailableError(f"{path} cannot be read: {error.strerror}.") from error


@click.command()
@click.argument("backup")
@click.option("--yes", is_flag=True, help="Do not ask.")
@config_option
@state_dir_option
def restore(*, backup: str, yes: bool, config_path: Path | None, state_dir: Path) -> None:
    """Bring BACKUP back: a file, or one of the names that `pichat zigbee backups` lists.

    Its network is written onto the stick that is plugged in, which may be a new one of another
    make; its devices, their names and rooms come back, and nothing has to join again. Before
    anything is done, it says what will be, and asks.
    """
    finish(_restore(backup, state_dir, config_path, yes=yes))
