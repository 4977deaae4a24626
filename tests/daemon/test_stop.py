"""Stopping at any moment: in time, with a whole store, and a clean next start."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from pathlib import Path

import pytest

from pichat.cli.client import connect
from tests.support.daemon import DaemonProcess, chat, running_daemon, start_daemon

LONGEST_STOP_S = 10
SEED = 20


async def _busy_until_stopped(daemon: DaemonProcess, moment_s: float) -> None:
    """Keep the house busy for `moment_s`, then end the daemon in the middle of it."""

    async def commands() -> None:
        async with connect(daemon.state_dir) as connection:
            while True:
                await chat(connection, "turn on all the lights")
                await chat(connection, "turn off everything")

    busy = asyncio.create_task(commands())
    await asyncio.wait({busy}, timeout=moment_s)
    start_s = time.monotonic()
    code = await daemon.stop()
    assert code == 0, daemon.log[-3000:]
    assert time.monotonic() - start_s < LONGEST_STOP_S
    busy.cancel()
    await asyncio.wait({busy})


def _assert_whole(state_dir: Path) -> None:
    for name in ("pichat.db", "zigbee.db"):
        file = state_dir / name
        if file.exists():
            connection = sqlite3.connect(file)
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            connection.close()


@pytest.mark.long
@pytest.mark.timeout(240)
@pytest.mark.parametrize("times", [1, 10])
async def test_random_moments(tmp_path: Path, times: int) -> None:
    moments = random.Random(SEED + times)
    for number in range(times):
        daemon = await start_daemon(tmp_path)
        if number % 2:  # in the middle of work
            await daemon.until_ready()
            await _busy_until_stopped(daemon, moments.uniform(0, 1))
        else:  # in the middle of starting
            await asyncio.wait(
                {asyncio.create_task(daemon.until_ready())}, timeout=moments.uniform(0.3, 2.5)
            )
            start_s = time.monotonic()
            code = await daemon.stop()
            assert time.monotonic() - start_s < LONGEST_STOP_S
            assert code in (0, -15), daemon.log[-3000:]  # -15: before Python could catch it
        _assert_whole(tmp_path)
    async with running_daemon(tmp_path) as daemon:
        answer = await daemon.connect_and_ask("chat", {"text": "turn on the kitchen light"})
        assert answer["code"] is None
        assert "Traceback" not in daemon.log


async def test_after_kill_9_the_next_start_is_clean(tmp_path: Path) -> None:
    daemon = await start_daemon(tmp_path)
    await daemon.until_ready()
    daemon.process.kill()
    await daemon.process.wait()
    _assert_whole(tmp_path)
    async with running_daemon(tmp_path) as again:
        answer = await again.connect_and_ask("chat", {"text": "turn on the kitchen light"})
    assert answer["code"] is None
