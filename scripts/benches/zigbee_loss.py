"""Ten thousand commands through a lossy air: what is told is so, and nothing is forgotten."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from pichat.errors import PiChatError
from pichat.simulator.control import SimulatorClient
from scripts.benches.figure import Figure
from tests.zigbee.many import Thing, house_of, many
from tests.zigbee.running import Running

COMMANDS = 10_000
LOSS = 0.05
AT_ONCE = 100
"""Devices, each told one thing after another: zigpy counts a device's messages to 256, and takes
one that repeats within 10 s for an echo."""
LIGHTS: list[Thing] = many("Loft", "light", "light-on-off", AT_ONCE)
CONFIRM_S = 2.0
"""Less patience than usual, so that it is over sooner; a device has five chances all the same."""
_FAILURE_MS = 20
"""How soon the stick gives up on a message. A real one takes longer, which only takes longer."""


async def _worker(
    running: Running, sim: SimulatorClient, name: str, count: int, tally: Counter[str]
) -> None:
    """Switch one light on and off, and look each time whether it is as was told."""
    device_id = running.device(name).id
    for number in range(count):
        on = number % 2 == 0
        try:
            told = await running.hub.set(device_id, "on_off", on)
        except PiChatError as error:
            tally[error.code] += 1
            continue
        tally["done"] += 1
        found = (await sim.values(name.replace(" ", "-")))["on"]
        if told is not on or found is not on:
            tally["done but not so"] += 1


async def _run(directory: Path) -> list[Figure]:
    async with house_of(directory, LIGHTS, pair=True):
        pass
    tally: Counter[str] = Counter()
    async with house_of(directory, LIGHTS, confirm_timeout_s=CONFIRM_S) as (running, sim):
        names = [device.name for device in running.hub.devices()]
        await sim.settings(loss=LOSS, failure_ms=_FAILURE_MS)
        begin_s = time.perf_counter()
        await asyncio.gather(
            *(_worker(running, sim, name, COMMANDS // len(names), tally) for name in names)
        )
        took_s = time.perf_counter() - begin_s
        # Whatever was told last, the hub knows how each light is: it heard or can ask.
        await sim.settings(loss=0.0)
        wrong = 0
        for name in names:
            state = await running.hub.read(running.device(name).id, "on_off")
            wrong += (await sim.values(name.replace(" ", "-")))["on"] is not state
    false = tally.pop("done but not so", 0)
    outcomes = sum(tally.values())
    note = ", ".join(f"{count} {code}" for code, count in sorted(tally.items()))
    return [
        Figure(
            name="zigbee.loss_done_but_not_so",
            value=false,
            unit="",
            limit=0,
            samples=outcomes,
            note=f"{LOSS:.0%} of all frames lost; {note}",
        ),
        Figure(
            name="zigbee.loss_commands_lost",
            value=COMMANDS - outcomes + wrong,
            unit="",
            limit=0,
            samples=COMMANDS,
            note=f"{COMMANDS / took_s:.0f} commands/s; each has an outcome, every state is known",
        ),
    ]


def run() -> list[Figure]:
    with TemporaryDirectory() as directory:
        return asyncio.run(_run(Path(directory)))
