"""Whatever comes in, the daemon answers, goes on, and tells nothing of its inside."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psutil
import pytest

from tests.gateway.fakes import World
from tests.gateway.fuzz.run import fuzz_frames, fuzz_requests
from tests.gateway.fuzz.watch import Tally
from tests.support.daemon import DaemonProcess, running_daemon

_MB = 1_000_000


def _nothing_unforeseen(tally: Tally) -> None:
    assert not tally.unexpected, tally
    assert tally.replies["error"] > tally.sent / 10
    assert tally.replies["complete"] > 0


async def test_a_thousand_frames(world: World) -> None:
    ids = [device.id for device in world.house.devices()]
    tally = await asyncio.to_thread(fuzz_frames, world.url, 1000, ids, again=3)
    _nothing_unforeseen(tally)


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_many_frames_and_requests(tmp_path: Path) -> None:
    async with running_daemon(tmp_path) as daemon:
        ids = await _device_ids(daemon)
        await asyncio.to_thread(fuzz_frames, daemon.url, 4000, ids, again=3)
        await asyncio.to_thread(fuzz_requests, daemon.url, 300)
        process = psutil.Process(daemon.pid)
        before = process.memory_info().rss
        frames = await asyncio.to_thread(fuzz_frames, daemon.url, 19_000, ids, number=1, again=3)
        requests = await asyncio.to_thread(fuzz_requests, daemon.url, 1000, number=1)
        _nothing_unforeseen(frames)
        assert not requests.unexpected, requests
        assert process.memory_info().rss < 1.05 * before + 2 * _MB
        assert "Traceback" not in daemon.log
        assert (await daemon.connect_and_ask("get_health", {}))["status"] != "failed"


async def _device_ids(daemon: DaemonProcess) -> list[str]:
    found = await daemon.connect_and_ask("get_devices", {})
    return [device["id"] for device in found["devices"]]
