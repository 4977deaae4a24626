"""The Zigbee hub over the raw zigpy call, on the simulated house."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from scripts.benches.figure import Figure, percentile
from tests.zigbee.running import Running
from tests.zigbee.simulated import house

SAMPLES = 100
BARE_SAMPLES = 400
LIGHTS = ("kitchen light", "bedroom light", "living room lamp", "hallway light")
WARM_UP = 2 * len(LIGHTS)


@asynccontextmanager
async def _settled_house(directory: Path, radio_delay_ms: float) -> AsyncIterator[Running]:
    """A house that has joined before, and a hub that has read it again."""
    await asyncio.to_thread(directory.mkdir, parents=True, exist_ok=True)
    async with house(directory, pair=True, radio_delay_ms=0):
        pass
    async with house(directory, radio_delay_ms=radio_delay_ms) as (running, _):
        for device in running.hub.devices():
            for capability in device.state:
                await running.hub.read(device.id, capability)
        yield running


Switch = Callable[[str, bool], Awaitable[object]]


async def _each_ms(ways: Sequence[Switch], samples: int) -> list[list[float]]:
    """The times of each way, in turns, so that all meet the same machine. Rounds through the
    lights switch them on and off by turns: every switch is a change. No light is switched so
    often within 10 s that its 256 transaction numbers repeat."""
    times_ms: list[list[float]] = [[] for _ in ways]
    for number in range(WARM_UP + samples * len(ways)):
        turn, place = divmod(number, len(LIGHTS))
        way = (turn + turn // 2) % len(ways)  # else one way would always switch on
        start_s = time.perf_counter()
        await ways[way](LIGHTS[place], turn % 2 == 0)
        if number >= WARM_UP:
            times_ms[way].append((time.perf_counter() - start_s) * 1000)
    return times_ms


def _by_hub(running: Running) -> Switch:
    ids = {name: running.device(name).id for name in LIGHTS}
    return lambda name, on: running.hub.set(ids[name], "on_off", on)


def _by_zigpy(running: Running) -> Switch:
    """zigpy's own call, on the same application: it returns at the device's answer."""
    roster = running.parts.roster
    clusters = {
        name: roster.view(running.device(name).id).features["on_off"].port.cluster
        for name in LIGHTS
    }
    return lambda name, on: clusters[name].on() if on else clusters[name].off()


async def raw_zigpy_ms(directory: Path, *, radio_delay_ms: float, samples: int) -> list[float]:
    """Milliseconds of each of `samples` raw `cluster.on()` and `off()` calls."""
    async with _settled_house(directory, radio_delay_ms) as running:
        [raw_ms] = await _each_ms([_by_zigpy(running)], samples)
    return raw_ms


async def delay_figures(directory: Path, samples: int = SAMPLES) -> list[Figure]:
    """With the default radio delay: a confirmed switch over the raw call."""
    async with _settled_house(directory, 15) as running:
        raw_ms, hub_ms = await _each_ms([_by_zigpy(running), _by_hub(running)], samples)
    return [
        Figure(
            name="hub.set_over_raw_zigpy",
            value=median(hub_ms) / median(raw_ms),
            unit="×",
            limit=1.3,
            peer=1.0,
            peer_source=f"raw zigpy call, {median(raw_ms):.1f} ms in this run",
            samples=len(hub_ms),
            note=f"{median(hub_ms):.1f} ms, confirmed",
        )
    ]


async def bare_figures(directory: Path, samples: int = BARE_SAMPLES) -> list[Figure]:
    """Without radio delay: what the hub itself costs."""
    async with _settled_house(directory, 0) as running:
        raw_ms, hub_ms = await _each_ms([_by_zigpy(running), _by_hub(running)], samples)
    source = f"raw zigpy call, {median(raw_ms):.2f} ms in this run"
    return [
        Figure(
            name="zigbee.set_over_raw_zigpy_no_delay",
            value=median(hub_ms) / median(raw_ms),
            unit="×",
            limit=1.15,
            peer=1.0,
            peer_source=source,
            samples=len(hub_ms),
            note=f"{median(hub_ms):.2f} ms, confirmed",
        ),
        Figure(
            name="hub.set_p95",
            value=percentile(hub_ms, 95),
            unit="ms",
            peer=percentile(raw_ms, 95),
            peer_source="raw zigpy call in this run",
            samples=len(hub_ms),
        ),
    ]


async def _run(directory: Path) -> list[Figure]:
    return [*await delay_figures(directory / "delay"), *await bare_figures(directory / "bare")]


def run() -> list[Figure]:
    with TemporaryDirectory() as directory:
        return asyncio.run(_run(Path(directory)))
