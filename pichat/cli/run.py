"""`pichat run`: the daemon in the foreground, as systemd starts it."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import structlog

from pichat.cli.context import finish, silence_output, state_dir_option
from pichat.config import find_config
from pichat.config.last_good import ConfigFile
from pichat.logs import set_up_logs

if TYPE_CHECKING:
    from pichat.app import Daemon

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


class Signals:
    """`stopped`: SIGTERM or Ctrl-C came. `hung_up`: SIGHUP, of somebody who means "read your
    settings again", or of a terminal that was closed, which does no harm."""

    def __init__(self) -> None:
        self.stopped = asyncio.Event()
        self.hung_up = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        loop.add_signal_handler(signal.SIGHUP, self.hung_up.set)

    def _stop(self) -> None:
        _insist()
        self.stopped.set()


async def _run(config_path: Path, state_dir: Path, started_s: float) -> int:
    file = ConfigFile(config_path, state_dir)
    config = file.load()
    set_up_logs(config.logging)
    signals = Signals()
    # What is made until it is ready stays. Looking through it for garbage again and again would
    # hold up all threads for 80 ms each time, and the speaker runs dry within 60.
    gc.disable()
    from pichat.app import Daemon  # after the config is known to be good: this import is slow

    async with Daemon(config, state_dir, file) as daemon:
        ending: set[asyncio.Future[Any]] = {
            asyncio.create_task(signals.stopped.wait(), name="stop signal"),
            daemon.failed,
        }
        ready = asyncio.create_task(daemon.ready(), name="ready")
        await asyncio.wait({ready, *ending}, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            gc.freeze()
            gc.enable()
            _greet(daemon.url, daemon.problems(), time.monotonic() - started_s)
            reloading = asyncio.create_task(_reload(signals.hung_up, daemon), name="reloading")
            await asyncio.wait({reloading, *ending}, return_when=asyncio.FIRST_COMPLETED)
            reloading.cancel()
        ready.cancel()
        if daemon.failed.done():
            _insist()
            return 1
        return 0


async def _reload(hung_up: asyncio.Event, daemon: Daemon) -> None:
    while True:
        await hung_up.wait()
        hung_up.clear()
        await daemon.reload()


def _greet(url: str, problems: dict[str, str], took_s: float) -> None:
    lines = [f"READY in {took_s:.1f} s. The screen is at {url}/"]
    lines += [f"  degraded: {part}: {reason}" for part, reason in problems.items()]
    try:
        for line in lines:
            click.echo(line)
    except OSError as error:  # nobody reads it any more: no reason to stop
        log.info("greeting not written", reason=error.strerror)
        silence_output()
