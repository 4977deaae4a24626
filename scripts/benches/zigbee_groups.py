"""Many devices at once: “all lights off” in a house of 50, beside fifty calls in a row; and what
devices that do not answer cost the others."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from pichat.errors import PiChatError
from pichat.simulator.control import SimulatorClient
from scripts.benches.figure import Figure, percentile
from tests.zigbee.many import Thing, house_of, many
from tests.zigbee.running import Running

ROOMS, EACH = 10, 5
SAMPLES = 10
LIGHTS: list[Thing] = [
    thing
    for room in range(ROOMS)
    for thing in many(f"Room {room}", "light", "light-color-temperature", EACH)
]
DEAF = 10
RADIO_DELAY_MS = 15


async def _all_ms(running: Running, ids: list[str]) -> list[float]:
    """Milliseconds until the last light has confirmed, on and off by turns."""
    times_ms = []
    for number in range(1 + SAMPLES):
        on = number % 2 == 0
        begin_s = time.perf_counter()
        told = await running.hub.set_many(ids, "on_off", on)
        times_ms.append((time.perf_counter() - begin_s) * 1000)
        if set(told.values()) != {on}:
            raise RuntimeError(f"not every light did it: {told}")
    return times_ms


async def _in_a_row_ms(running: Running, ids: list[str]) -> float:
    begin_s = time.perf_counter()
    for each in ids:
        await running.hub.set(each, "on_off", True)
    return (time.perf_counter() - begin_s) * 1000


async def _beside_the_deaf_ms(running: Running, sim: SimulatorClient) -> tuple[float, float]:
    """Until the last of those that answer has confirmed, each told alone: without any that do not,
    and with ten."""
    found: list[float] = []
    devices = running.hub.devices()
    deaf = {device.id for device in devices[:DEAF]}

    async def answered(device_id: str) -> float:
        try:
            await running.hub.set(device_id, "on_off", bool(found))
        except PiChatError:
            return 0.0
        return time.perf_counter()

    for silent in (False, True):
        if silent:
            for device in devices[:DEAF]:
                await sim.device(device.name.replace(" ", "-"), deaf=True)
        begin_s = time.perf_counter()
        ids = [device.id for device in devices if silent or device.id not in deaf]
        ends_s = await asyncio.gather(*map(answered, ids))
        found.append((max(ends_s) - begin_s) * 1000)
    return found[0], found[1]


async def _run(directory: Path) -> list[Figure]:
    async with house_of(directory, LIGHTS, pair=True) as (running, _):
        await running.parts.together.membership.settled()
    async with house_of(directory, LIGHTS, radio_delay_ms=RADIO_DELAY_MS) as (running, sim):
        await running.parts.together.membership.settled()
        ids = [device.id for device in running.hub.devices()]
        for each in ids:
            await running.hub.read(each, "on_off")
        first_ms, *all_ms = await _all_ms(running, ids)
        row_ms = await _in_a_row_ms(running, ids)
        alone_ms, beside_ms = await _beside_the_deaf_ms(running, sim)
    return [
        Figure(
            name="zigbee.all_lights_off",
            value=percentile(all_ms, 95),
            unit="ms",
            limit=400,
            samples=len(all_ms),
            note=f"{len(ids)} lights, the last one confirmed; median {median(all_ms):.0f} ms;"
            f" the first, while all are read after the start, {first_ms:.0f} ms",
        ),
        Figure(
            name="zigbee.all_lights_off_over_calls_in_a_row",
            value=median(all_ms) / row_ms,
            unit="×",
            limit=0.2,
            peer=1.0,
            peer_source=f"{len(ids)} calls in a row, {row_ms:.0f} ms in this run",
            samples=len(all_ms),
        ),
        Figure(
            name="zigbee.beside_ten_deaf",
            value=beside_ms / alone_ms,
            unit="×",
            limit=3.0,
            peer=1.0,
            peer_source=f"{len(ids) - DEAF} lights alone, {alone_ms:.0f} ms in this run",
            note=f"{beside_ms:.0f} ms until the last that answers, the deaf asked first",
        ),
    ]


def run() -> list[Figure]:
    with TemporaryDirectory() as directory:
        return asyncio.run(_run(Path(directory)))
