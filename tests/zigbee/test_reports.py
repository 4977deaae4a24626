"""What happens in the house is known without asking."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pichat.events import DeviceChanged, State
from tests.zigbee.running import Running
from tests.zigbee.simulated import house

DEADLINE_S = 2.0


async def told(running: Running, name: str, capability: str) -> State:
    """The next value of a capability that is announced."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            event = await running.events.get()
            if (
                isinstance(event, DeviceChanged)
                and event.device.name.casefold() == name
                and capability in event.changes
            ):
                return event.changes[capability]


async def test_the_house_moves(known: Path) -> None:
    async with house(known) as (running, sim):
        await sim.set("bathroom-sensor", temperature=25.25)
        assert await told(running, "bathroom sensor", "temperature") == 25.25
        await sim.set("bathroom-sensor", humidity=71)
        assert await told(running, "bathroom sensor", "humidity") == 71
        await sim.set("front-door", open=True)
        assert await told(running, "front door", "contact") is True
        await sim.set("front-door", open=False)
        assert await told(running, "front door", "contact") is False
        await sim.press("hallway-motion")
        assert await told(running, "hallway motion", "occupancy") is True
        await sim.set("hallway-motion", illuminance=900)
        assert abs(float(await told(running, "hallway motion", "illuminance")) - 900) < 2  # type: ignore[arg-type]
        await sim.set("bedroom-thermostat", temperature=17.5)
        assert await told(running, "bedroom thermostat", "temperature") == 17.5
        await sim.press("kitchen-light")
        assert await told(running, "kitchen light", "on_off") is True
        await sim.set("front-door-lock", locked=False)
        assert await told(running, "front door lock", "lock") is False
        await sim.press("office-plug")
        assert await told(running, "office plug", "power") == 42.0


async def test_a_sleeping_sensor_is_not_asked(known: Path) -> None:
    async with house(known) as (running, sim):
        sensor = running.device("bathroom sensor")
        await sim.device("bathroom-sensor", deaf=True)
        assert await running.hub.read(sensor.id, "temperature") == 22.5
