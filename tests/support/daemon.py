"""The real daemon in its own process, with its own state directory and a free port."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import yaml

from pichat.cli.client import Connection, connect
from pichat.simulator.control import SimulatorClient
from pichat.state import running_url

READY_DEADLINE_S = 60.0
EXIT_DEADLINE_S = 15.0


class DaemonProcess:
    """One `pichat run`. `ready_s` is what it took, `lines` what it printed."""

    def __init__(self, state_dir: Path, process: asyncio.subprocess.Process) -> None:
        self.state_dir = state_dir
        self.process = process
        self.lines: list[str] = []
        self.simulator = SimulatorClient(state_dir / "simulator.sock")

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def url(self) -> str:
        return running_url(self.state_dir)

    @property
    def log(self) -> str:
        return (self.state_dir / "log").read_text()

    async def until_ready(self) -> None:
        """Wait for the READY line. Raises AssertionError with the log when it does not come."""
        assert self.process.stdout is not None
        async with asyncio.timeout(READY_DEADLINE_S):
            while not (self.lines and self.lines[-1].startswith("READY")):
                line = await self.process.stdout.readline()
                assert line, f"the daemon ended: {self.log[-3000:]}"
                self.lines.append(line.decode().rstrip())

    async def connect_and_ask(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        async with connect(self.state_dir) as connection:
            return await connection.ask(action, payload)

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal, and return the exit code once it has ended."""
        await self.simulator.close()
        if self.process.returncode is None:
            self.process.send_signal(number)
        async with asyncio.timeout(EXIT_DEADLINE_S):
            return await self.process.wait()


def write_config(state_dir: Path, settings: Mapping[str, Any]) -> Path:
    """A config.yaml with a free port and the simulated house, changed by `settings`."""
    tree: dict[str, Any] = {"server": {"port": 0}, "voice": {"enabled": False}}
    for key, value in settings.items():
        tree[key] = {**tree.get(key, {}), **value} if isinstance(value, dict) else value
    state_dir.mkdir(parents=True, exist_ok=True)
    path = state_dir / "config.yaml"
    path.write_text(yaml.safe_dump(tree))
    return path


@asynccontextmanager
async def running_daemon(
    state_dir: Path, environment: Mapping[str, str] | None = None, **settings: Any
) -> AsyncIterator[DaemonProcess]:
    """Start the daemon, wait until it is ready, and end it (and only it) afterwards."""
    daemon = await start_daemon(state_dir, environment, **settings)
    try:
        await daemon.until_ready()
        yield daemon
    finally:
        try:
            await daemon.stop()
        except TimeoutError:
            daemon.process.kill()
            raise


async def start_daemon(
    state_dir: Path, environment: Mapping[str, str] | None = None, **settings: Any
) -> DaemonProcess:
    """Start the daemon without waiting for it; the caller stops it."""
    config = write_config(state_dir, settings)
    with (state_dir / "log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "pichat",
            "run",
            f"--config={config}",
            f"--state-dir={state_dir}",
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            env={**os.environ, **(environment or {})},
        )
    return DaemonProcess(state_dir, process)


async def chat(connection: Connection, text: str) -> dict[str, Any]:
    """One turn by text: the payload of its `complete`."""
    return await connection.ask("chat", {"text": text})


async def pichat(state_dir: Path, *arguments: str) -> tuple[int, str, str]:
    """Run a `pichat` command as a person would: exit code, standard output, standard error."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "pichat",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "STATE_DIRECTORY": str(state_dir), "COLUMNS": "200"},
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


def json_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]
