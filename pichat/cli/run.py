"""`pichat run`: the daemon in the foreground, as systemd starts it."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import click
import structlog

from pichat.cli.context import finish, silence_output, state_dir_option
from pichat.config import find_config, load_config
from pichat.config.types import Config
from pichat.logs import set_up_logs

log = structlog.get_logger(__name__)
_LONGEST_STOP_S = 9.0


@click.command()
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    help="Else $PICHAT_CONFIG, else ./config.yaml, else /etc/pichat/config.yaml.",
)
@state_dir_option
def run(config_path: Path | None, state_dir: Path) -> None:
    """Start the daemon. It ends on SIGTERM or Ctrl-C."""
    started_s = time.monotonic()
    finish(_run(find_config(config_path), state_dir, started_s))


def _insist() -> None:
    """End the process when stopping takes too long, whatever it hangs in: a driver, a thread."""

    def end() -> None:
        threads = ", ".join(thread.name for thread in threading.enumerate())
        click.echo(f"Stopping took over {_LONGEST_STOP_S:g} s; still running: {threads}", err=True)
        os._exit(1)

    timer = threading.Timer(_LONGEST_STOP_S, end)
    timer.daemon = True
    timer.start()


async def _run(config_path: Path, state_dir: Path, started_s: float) -> int:
    config = load_config(config_path)
    set_up_logs(config.logging)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        _insist()
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    # Of a terminal that was closed, or of somebody who means "read your settings again".
    loop.add_signal_handler(signal.SIGHUP, log.info, "hang-up ignored")
    return await _serve(config, state_dir, started_s, stopped)


async def _serve(config: Config, state_dir: Path, started_s: float, stopped: asyncio.Event) -> int:
    # What is made until it is ready stays. Looking through it for garbage again and again would
    # hold up all threads for 80 ms each time, and the speaker runs dry within 60.
    gc.disable()
    from pichat.app import Daemon  # after the config is known to be good: this import is slow

    async with Daemon(config, state_dir) as daemon:
        ending: set[asyncio.Future[Any]] = {
            asyncio.create_task(stopped.wait(), name="stop signal"),
            daemon.failed,
        }
        ready = asyncio.create_task(daemon.ready(), name="ready")
        await asyncio.wait({ready, *ending}, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            gc.freeze()
            gc.enable()
            _greet(daemon.url, daemon.problems(), time.monotonic() - started_s)
            await asyncio.wait(ending, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if daemon.failed.done():
            _insist()
            return 1
        return 0


def _greet(url: str, problems: dict[str, str], took_s: float) -> None:
    lines = [f"READY in {took_s:.1f} s. The screen is at {url}/"]
    lines += [f"  degraded: {part}: {reason}" for part, reason in problems.items()]
    try:
        for line in lines:
            click.echo(line)
    except OSError as error:  # nobody reads it any more: no reason to stop
        log.info("greeting not written", reason=error.strerror)
        silence_output()
