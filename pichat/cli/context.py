"""What every command shares: the state directory, and one way to fail."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from pichat.errors import ConfigError, PiChatError, StartError
from pichat.state import state_directory

# What devices and people are called is no markup.
console = Console(highlight=False, emoji=False, markup=False)


def finish(work: Coroutine[Any, Any, int]) -> None:
    """Run a command's coroutine and exit with its code; an expected failure is one line."""
    try:
        code = asyncio.run(work)
    except PiChatError as error:
        click.echo(error.sentence, err=True)
        # 2 is for what the owner must change before it can start.
        code = 2 if isinstance(error, ConfigError | StartError) else 1
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:  # whoever read the output has read enough
        code = 1
        silence_output()
    except OSError as error:
        click.echo(f"The output cannot be written: {error.strerror or error}.", err=True)
        code = 1
        silence_output()
    sys.exit(code)


def silence_output() -> None:
    """What is still to be written to standard output goes nowhere, and does not fail at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _directory(_context: click.Context, _option: click.Parameter, value: Path | None) -> Path:
    return state_directory(value)


state_dir_option = click.option(
    "--state-dir",
    type=click.Path(path_type=Path, file_okay=False),
    callback=_directory,
    help="Where the daemon keeps its state. Else $STATE_DIRECTORY, else ./var.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
