"""A house of a hundred devices of the common kinds, for what has to hold in a big one. Only what
little is needed is loaded here, because loading is part of what is measured."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from tests.zigbee.many import Thing

_ROOMS = 10
_EACH = (
    ("light", "light-on-off", 2),
    ("lamp", "light-color-temperature", 2),
    ("strip", "light-color", 1),
    ("plug", "plug", 2),
    ("blind", "cover", 1),
    ("climate", "sensor-climate", 2),
)
_QUIET_S = 2.0
"""What is read again after a start has been read when nothing was heard for so long."""


class Started(msgspec.Struct, frozen=True):
    """`usable_s`: from before anything was loaded until every device was there and a light did what
    it was told; `resident_kb` of the process then, once it had come to rest."""

    usable_s: float
    resident_kb: int
    devices: int


def hundred() -> list[Thing]:
    """Ten in each of ten rooms."""
    from tests.zigbee.many import many

    return [
        thing
        for room in range(1, _ROOMS + 1)
        for what, kind, count in _EACH
        for thing in many(f"Room {room}", what, kind, count)
    ]


def paired(directory: Path, *, empty: bool = False) -> None:
    """Leave in `directory` what a house of a hundred devices, or of none, knows after it has been
    stopped."""
    from tests.zigbee.many import house_of

    async def pair() -> None:
        async with house_of(directory, [] if empty else hundred(), pair=not empty):
            pass

    directory.mkdir(parents=True)
    asyncio.run(pair())


def started(directory: Path, *, empty: bool = False) -> Started:
    """Start the house of `directory` once, in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_start, directory, empty).result()


def _start(directory: Path, empty: bool) -> Started:
    return asyncio.run(_start_within(directory, empty))


async def _start_within(directory: Path, empty: bool) -> Started:
    from pichat.simulator.process import SimulatorProcess

    async with SimulatorProcess(
        control=directory / "control",
        house=directory / "house.yaml",
        state=directory / "stick.json",
        radio_delay_ms=15.0,
    ) as process:
        begin_s = time.perf_counter()
        from pichat.config.types import Zigbee
        from tests.zigbee.running import running_hub

        async with running_hub(directory, Zigbee(path=process.path)) as running:
            await running.until_status("ok", 60)
            await running.until(lambda: all(each.available for each in running.hub.devices()))
            if not empty:
                light = running.device("room 1 light 1")
                await running.hub.set(light.id, "on_off", True)
            usable_s = time.perf_counter() - begin_s
            while await _heard_something(running.events):
                pass
            return Started(usable_s, _resident_kb(), len(running.hub.devices()))


async def _heard_something(events: object) -> bool:
    try:
        async with asyncio.timeout(_QUIET_S):
            await events.get()  # type: ignore[attr-defined]
    except TimeoutError:
        return False
    return True


def _resident_kb() -> int:
    """What the process holds, without what is free in its allocator's books but not given back."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise RuntimeError("the kernel does not tell")
