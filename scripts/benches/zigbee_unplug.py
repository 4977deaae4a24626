"""The stick is pulled at random moments, commands under way: nothing is lost, it is back soon."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from pichat.errors import PiChatError
from pichat.simulator.control import SimulatorClient
from scripts.benches.figure import Figure, percentile
from tests.zigbee.running import Running
from tests.zigbee.simulated import NAMES, house

TIMES = 100
LIGHTS = ("kitchen light", "bedroom light", "living room lamp", "hallway light")
_RADIO_DELAY_MS = 15.0
_DEADLINE_S = 30.0


async def _command(running: Running, name: str, on: bool) -> None:
    with suppress(PiChatError):  # the stick is pulled under it
        await running.hub.set(running.device(name).id, "on_off", on)


async def _once(running: Running, sim: SimulatorClient, chance: random.Random) -> float:
    """Seconds from the stick's return to a command that a device confirmed."""
    on = chance.random() < 0.5
    commands = [asyncio.create_task(_command(running, name, on)) for name in LIGHTS]
    await asyncio.sleep(chance.uniform(0, 0.15))
    await sim.request("unplug")
    await running.until_status("degraded", _DEADLINE_S)
    await asyncio.gather(*commands)
    await asyncio.sleep(chance.uniform(0, 1.0))
    began_s = time.perf_counter()
    await sim.request("plug")
    await running.until_status("ok", _DEADLINE_S)
    light = running.device(chance.choice(LIGHTS)).id
    await running.hub.set(light, "on_off", not on)
    return time.perf_counter() - began_s


async def unplugged(directory: Path, times: int) -> list[Figure]:
    chance = random.Random(1)
    async with house(directory, pair=True, radio_delay_ms=_RADIO_DELAY_MS) as (running, sim):
        back_s = [await _once(running, sim, chance) for _ in range(times)]
        lost = len(NAMES) - len(running.hub.devices())
    return _figures(back_s, lost)


def _figures(back_s: Sequence[float], lost: int) -> list[Figure]:
    samples = len(back_s)

    def back(name: str, value: float, limit: float | None = None) -> Figure:
        note = "from its return to a command that was confirmed"
        figure = f"zigbee.unplug.back_{name}"
        return Figure(name=figure, value=value, unit="s", limit=limit, samples=samples, note=note)

    return [
        Figure(
            name="zigbee.unplug.devices_lost",
            value=lost,
            unit="devices",
            limit=0,
            samples=samples,
        ),
        back("worst", max(back_s), limit=5.0),
        back("p50", percentile(back_s, 50)),
        back("p95", percentile(back_s, 95)),
    ]


def run() -> list[Figure]:
    with TemporaryDirectory() as directory:
        return asyncio.run(unplugged(Path(directory), TIMES))
