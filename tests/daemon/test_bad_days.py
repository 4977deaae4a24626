"""What owners do to the daemon: each has one sentence, nothing hangs, and nothing is left."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemon import running_daemon, start_daemon

SIMULATED: dict[str, Any] = {"simulator": {"radio_delay_ms": 1}}


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_all_processes_are_told_to_stop_at_once(
    tmp_path: Path, number: signal.Signals
) -> None:
    """As systemd does it, and the stick is gone before the daemon closes it."""
    daemon = await start_daemon(tmp_path, **SIMULATED)
    await daemon.until_ready()
    for pid in (*children(daemon.pid), daemon.pid):
        os.kill(pid, number)
    assert await asyncio.wait_for(daemon.process.wait(), 10) == 0
    assert "Traceback" not in daemon.log


async def test_ctrl_c_in_a_terminal_does_not_reach_the_simulator(tmp_path: Path) -> None:
    async with running_daemon(tmp_path, **SIMULATED) as daemon:
        groups = [os.getpgid(child) for child in children(daemon.pid)]
        assert groups
        assert os.getpgid(daemon.pid) not in groups
