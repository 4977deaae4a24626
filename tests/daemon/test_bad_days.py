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


async def refusal(state_dir: Path, **settings: Any) -> list[str]:
    """What a daemon that cannot start says, after which it ends with exit code 2."""
    daemon = await start_daemon(state_dir, **settings)
    assert await asyncio.wait_for(daemon.process.wait(), 20) == 2
    return daemon.log.splitlines()


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


async def test_a_state_directory_with_a_path_too_long_for_sockets(tmp_path: Path) -> None:
    async with running_daemon(tmp_path / ("long" * 30), **SIMULATED) as daemon:
        answer = await daemon.connect_and_ask("chat", {"text": "turn on the kitchen light"})
        assert answer["code"] is None
        assert (await daemon.simulator.values("kitchen-light"))["on"] is True


async def test_a_store_that_cannot_be_opened_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "pichat.db").mkdir()
    assert await refusal(tmp_path) == [
        f"The store {tmp_path}/pichat.db cannot be opened: unable to open database file."
    ]


async def test_a_house_file_with_mistakes_is_told_line_by_line(tmp_path: Path) -> None:
    (tmp_path / "house.yaml").write_text("devices: [\n")
    lines = await refusal(tmp_path, simulator={"house": "house.yaml"})
    assert len(lines) == 1
    assert "house.yaml is not YAML: line 2:" in lines[0]
