"""The simulated house in its own process, and a hub that knows it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pichat.config.types import Zigbee
from pichat.simulator.control import SimulatorClient
from pichat.simulator.house import load_house
from pichat.simulator.process import SimulatorProcess
from tests.zigbee.running import Running, running_hub

DELAY_MS = 3.0
HOUSE = load_house(None)
NAMES = {one.ieee: (one.name, one.area) for one in HOUSE.devices}


@asynccontextmanager
async def house(
    directory: Path,
    *,
    confirm_timeout_s: float = 5.0,
    pair: bool = False,
    radio_delay_ms: float = DELAY_MS,
    loss: float = 0.0,
) -> AsyncIterator[tuple[Running, SimulatorClient]]:
    """The hub and its house, ready; both keep their memory in `directory`."""
    control = directory / "control"
    state = directory / "stick.json"
    async with (
        SimulatorProcess(
            control=control, state=state, radio_delay_ms=radio_delay_ms, loss=loss, seed=1
        ) as process,
        SimulatorClient(control) as sim,
    ):
        config = Zigbee(path=process.path, confirm_timeout_s=confirm_timeout_s)
        async with running_hub(directory, config, NAMES, pair=pair) as running:
            await running.until_status("ok")
            yield running, sim


def copy_house(paired: Path, directory: Path) -> Path:
    """A house of its own, of devices that have joined."""
    target = directory / "house"
    shutil.copytree(paired, target, ignore=shutil.ignore_patterns("control*"))
    return target
