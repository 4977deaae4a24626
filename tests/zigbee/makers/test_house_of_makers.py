"""Makers' devices in the simulated house: joined, resolved, told and commanded over a real stick
protocol."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pichat.config.types import Zigbee
from pichat.events import ButtonPressed, State
from pichat.simulator.control import SimulatorClient
from pichat.simulator.house import load_house
from pichat.simulator.process import SimulatorProcess
from tests.zigbee.running import Running, running_hub

HOUSE = Path(__file__).with_name("makers.yaml")
NAMES = {one.ieee: (one.name, one.area) for one in load_house(HOUSE).devices}


@asynccontextmanager
async def makers(
    directory: Path, *, pair: bool = False
) -> AsyncIterator[tuple[Running, SimulatorClient]]:
    control = directory / "control"
    async with (
        SimulatorProcess(
            control=control, state=directory / "stick.json", house=HOUSE, radio_delay_ms=1.0, seed=1
        ) as process,
        SimulatorClient(control) as sim,
        running_hub(directory, Zigbee(path=process.path), NAMES, pair=pair) as running,
    ):
        await running.until_status("ok", 40)
        yield running, sim


async def until(running: Running, name: str, **state: State) -> None:
    await running.until(lambda: state.items() <= running.device(name).state.items())


async def pressed(running: Running, sim: SimulatorClient, device: str, **values: Any) -> list[str]:
    """The name, button and press that are told when somebody does that."""
    with running.bus.subscribe(ButtonPressed) as presses:
        await (sim.set(device, **values) if values else sim.press(device))
        async with asyncio.timeout(5):
            told = await presses.get()
    return [told.device_name, told.button, told.press]


async def test_they_join_and_live(tmp_path: Path) -> None:
    async with makers(tmp_path, pair=True) as (running, sim):
        devices = running.hub.devices()
        told = {one.name: (one.kind, [c.name for c in one.capabilities]) for one in devices}
        assert told == {
            "weather": ("sensor", ["battery", "humidity", "pressure", "temperature"]),
            "door": ("sensor", ["battery", "contact"]),
            "curtain": ("cover", ["cover_motion", "cover_position"]),
            "dimmer": ("remote", ["battery"]),
            "button": ("remote", ["battery"]),
        }
        await sim.set("weather", temperature=-3.5, pressure=998.7)
        await until(running, "weather", temperature=-3.5, pressure=998.7)
        await sim.set("weather", voltage=2925)
        await sim.press("weather")
        await until(running, "weather", battery=50.0, humidity=50.0)
        await sim.set("door", open=True)
        await until(running, "door", contact=True)

        curtain = running.device("curtain")
        assert await running.hub.set(curtain.id, "cover_position", 30) == 30
        assert (await sim.values("curtain"))["position"] == 30
        await running.hub.set(curtain.id, "cover_motion", "open")
        await until(running, "curtain", cover_position=100)
        await sim.press("curtain")
        async for event in sim.watch():
            curtains = [d for d in event.get("devices", ()) if d["id"] == "curtain"]
            clock = (event.get("values") or (curtains and curtains[0]["values"]) or {}).get("clock")
            if clock:
                assert abs(clock - time.time()) < 60
                break

        assert await pressed(running, sim, "dimmer") == ["dimmer", "on", "single"]
        assert await pressed(running, sim, "dimmer", press="up hold") == ["dimmer", "up", "hold"]
        assert await pressed(running, sim, "button") == ["button", "toggle", "single"]
        refused = (await sim.request("get", device="weather"))["bindings"]
        assert refused == []
        bound = (await sim.request("get", device="dimmer"))["bindings"]
        assert {(one["endpoint"], one["cluster"]) for one in bound} == {(2, 0xFC00), (2, 0x0001)}
    async with makers(tmp_path) as (running, sim):
        # What was told is known, and the bindings stand, without asking anybody.
        await until(running, "weather", temperature=-3.5, battery=50.0)
        await until(running, "door", contact=True)
        assert await pressed(running, sim, "dimmer") == ["dimmer", "on", "single"]
        assert await pressed(running, sim, "button") == ["button", "toggle", "single"]
        await sim.set("door", open=False)
        await until(running, "door", contact=False)
