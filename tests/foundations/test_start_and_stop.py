from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from pichat.errors import StartError, UnavailableError
from pichat.state import lock_state, running_url
from pichat.steps import Steps


@asynccontextmanager
async def part(name: str, log: list[str], *, hangs: bool = False) -> AsyncIterator[str]:
    log.append(f"+{name}")
    yield name
    log.append(f"-{name}")
    if hangs:
        await asyncio.Event().wait()


async def test_stopping_is_the_reverse_and_a_hanging_part_does_not_keep_the_rest() -> None:
    log: list[str] = []
    async with Steps(stop_deadline_s=0.01) as steps:
        await steps.start("a", part("a", log))
        await steps.start("b", part("b", log, hangs=True))
        await steps.start("c", part("c", log))
    assert log == ["+a", "+b", "+c", "-c", "-b", "-a"]


async def test_a_failed_start_stops_what_was_started() -> None:
    log: list[str] = []
    with pytest.raises(StartError):
        async with Steps(stop_deadline_s=1) as steps:
            await steps.start("a", part("a", log))
            raise StartError("No.")
    assert log == ["+a", "-a"]


async def test_an_essential_task_that_ends_is_told() -> None:
    async def dies() -> None:
        raise ValueError("gone")

    async with Steps(stop_deadline_s=1) as steps:
        steps.run("essential", dies())
        assert await asyncio.wait_for(steps.failed, 1) == "essential"


def test_one_daemon_a_state_directory(tmp_path: Path) -> None:
    with lock_state(tmp_path) as lock:
        lock.announce("http://127.0.0.1:1")
        assert running_url(tmp_path) == "http://127.0.0.1:1"
        with pytest.raises(StartError, match="Another PiChat already uses"), lock_state(tmp_path):
            pass
    with pytest.raises(UnavailableError, match="not running"):
        running_url(tmp_path)


def test_a_lock_file_left_by_a_killed_daemon_counts_as_not_running(tmp_path: Path) -> None:
    (tmp_path / "daemon.lock").write_text('{"pid": 1, "url": "http://127.0.0.1:1"}')
    with pytest.raises(UnavailableError, match="not running"):
        running_url(tmp_path)
