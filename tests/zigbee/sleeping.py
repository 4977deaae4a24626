"""A house of devices that sleep, and a clock that can be put ahead."""

from __future__ import annotations

import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pichat.config.types import Zigbee
from pichat.simulator.control import SimulatorClient
from pichat.simulator.house import load_house
from pichat.simulator.process import SimulatorProcess
from tests.zigbee.running import Running, running_hub

HOUSE = Path(__file__).with_name("sleeping.yaml")
NAMES = {one.ieee: (one.name, one.area) for one in load_house(HOUSE).devices}


class Clock:
    """The time of day, `ahead_s` later."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead_s


def as_killed(directory: Path, copy: Path) -> Path:
    """What is on the disk now of a hub that is running."""
    copy.mkdir()
    for file in (*directory.glob("*.db*"), *directory.glob("*.paired")):
        shutil.copy(file, copy)
    return copy


@asynccontextmanager
async def sleeping_house(
    directory: Path, clock: Clock, *, pair: bool = False
) -> AsyncIterator[tuple[Running, SimulatorClient]]:
    """The hub and its house, ready; both keep their memory in `directory`."""
    control = directory / "control"
    async with (
        SimulatorProcess(
            control=control,
            house=HOUSE,
            state=directory / "stick.json",
            radio_delay_ms=1.0,
            seed=1,
        ) as process,
        SimulatorClient(control) as sim,
        running_hub(
            directory,
            Zigbee(path=process.path, confirm_timeout_s=1.0),
            NAMES,
            pair=pair,
            now=clock,
        ) as running,
    ):
        await running.until_status("ok", 40)
        yield running, sim
