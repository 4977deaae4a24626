"""The life of a network on every version of EZSP."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pichat.config.types import Zigbee
from pichat.simulator.control import SimulatorClient
from pichat.simulator.process import SimulatorProcess
from tests.zigbee.running import Running, running_hub
from tests.zigbee.simulated import NAMES

QUICK = (13, 18)
LIGHT = "hallway-light"


def versions() -> list[object]:
    """Those that bellows tells apart; the rest of them among the long tests."""
    all_of_them = (13, 14, 16, 17, 18, 19)
    return [v if v in QUICK else pytest.param(v, marks=pytest.mark.long) for v in all_of_them]


async def switch(running: Running, sim: SimulatorClient, on: bool) -> None:
    [device] = running.hub.devices()
    assert await running.hub.set(device.id, "on_off", on) is on
    assert (await sim.values(LIGHT))["on"] is on


@pytest.mark.parametrize("version", versions())
async def test_a_network_lives(tmp_path: Path, version: int) -> None:
    control, state = tmp_path / "control", tmp_path / "stick.json"
    async with (
        SimulatorProcess(
            control=control, state=state, radio_delay_ms=3, ezsp_version=version, seed=1
        ) as process,
        SimulatorClient(control) as sim,
    ):
        config = Zigbee(path=process.path)
        async with running_hub(tmp_path, config, NAMES) as running:
            await running.until_status("ok")
            assert (await sim.request("status"))["ezsp"] == version
            formed = running.network()
            await join(running, sim)
            await switch(running, sim, True)
        async with running_hub(tmp_path, config, NAMES) as running:
            await running.until_status("ok")
            assert running.network() == formed
            await switch(running, sim, False)
            await sim.request("unplug")
            await running.until_status("degraded", 2)
            await sim.request("plug")
            await running.until_status("ok", 5)
            await switch(running, sim, True)
            await sim.request("restart")
            await running.until_status("degraded", 2)
            await running.until_status("ok", 5)
            await switch(running, sim, False)
            assert running.network() == formed


async def join(running: Running, sim: SimulatorClient) -> None:
    """One device; the others stay away."""
    async with running.parts.link.under_way() as session:
        for name in NAMES.values():
            other = name[0].replace(" ", "-")
            if other != LIGHT:
                await sim.device(other, deaf=True)
        await session.app.permit(60)
        await sim.request("join", device=LIGHT)
    async with asyncio.timeout(10):
        while not running.hub.devices():
            await running.events.get()
