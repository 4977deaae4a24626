"""Commands, judged by the simulated devices themselves."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from pichat.errors import NotConfirmedError, NotFoundError, UnsupportedError
from pichat.events import Colour, DeviceChanged, State
from tests.zigbee.simulated import house

BLUE = Colour(hue_deg=240, saturation_percent=100)


@pytest.mark.parametrize(
    ("name", "capability", "value", "told", "values"),
    [
        ("kitchen light", "on_off", True, True, {"on": True}),
        ("kitchen light", "on_off", False, False, {"on": False}),
        ("kitchen light", "brightness", 33, 33, {"on": True, "brightness": 33}),
        ("kitchen light", "brightness", 0, 0, {"on": False}),
        ("kitchen light", "colour_temperature", 4000, 4000, {"color_temperature": 4000}),
        ("hallway light", "on_off", True, True, {"on": True}),
        ("office plug", "on_off", True, True, {"on": True}),
        ("living room lamp", "on_off", True, True, {"on": True}),
        ("bedroom thermostat", "target_temperature", 21.5, 21.5, {"setpoint": 21.5}),
        ("front door lock", "lock", False, False, {"locked": False}),
        ("living room blinds", "cover_position", 90, 90, {"position": 90}),
    ],
)
async def test_set(
    known: Path, name: str, capability: str, value: State, told: State, values: dict[str, Any]
) -> None:
    async with house(known) as (running, sim):
        device = running.device(name)
        before = device.state[capability]
        assert await running.hub.set(device.id, capability, value) == told
        found = await sim.values(name.replace(" ", "-"))
        assert {key: found[key] for key in values} == values
        if before != told and value != 0:
            assert running.device(name).state[capability] == told
            await running.until(lambda: running.device(name).state[capability] == told)
        # Once more: there is no change to report, and it is confirmed all the same.
        assert await running.hub.set(device.id, capability, value) == told


async def test_a_colour_lights_the_lamp_up(known: Path) -> None:
    async with house(known) as (running, sim):
        lamp = running.device("living room lamp")
        assert lamp.state["on_off"] is False
        told = await running.hub.set(lamp.id, "colour", BLUE)
        assert told == Colour(hue_deg=239.5, saturation_percent=100.0)
        values = await sim.values("living-room-lamp")
        assert values["on"] is True
        assert abs(values["hue"] - 240) < 3
        assert abs(values["saturation"] - 100) < 2
        state = running.device("living room lamp").state
        assert state["colour"] == told
        assert "colour_temperature" not in state
        with pytest.raises(UnsupportedError, match="no colour temperature at the moment"):
            await running.hub.read(lamp.id, "colour_temperature")


async def test_one_change_is_told_once(known: Path) -> None:
    async with house(known) as (running, _):
        light = running.device("hallway light")
        await running.hub.set(light.id, "on_off", True)
        async with asyncio.timeout(5):
            while not isinstance(event := await running.events.get(), DeviceChanged) or (
                event.changes != {"on_off": True}
            ):
                pass
        assert event.device == running.device("hallway light")
        await running.hub.set(light.id, "on_off", False)
        event = await asyncio.wait_for(running.events.get(), 5)
        assert isinstance(event, DeviceChanged)
        assert event.changes == {"on_off": False}


async def test_what_cannot_be(known: Path) -> None:
    async with house(known) as (running, _):
        light = running.device("kitchen light")
        with pytest.raises(UnsupportedError, match="has no lock"):
            await running.hub.set(light.id, "lock", True)
        with pytest.raises(UnsupportedError, match="goes from 0 to 100 %"):
            await running.hub.set(light.id, "brightness", 101)
        with pytest.raises(UnsupportedError, match="on or off"):
            await running.hub.set(light.id, "on_off", 3)
        sensor = running.device("bathroom sensor")
        with pytest.raises(UnsupportedError, match="can be read, but not set"):
            await running.hub.set(sensor.id, "temperature", 30)
        with pytest.raises(NotFoundError):
            await running.hub.read("00:11", "on_off")


async def test_reading(known: Path) -> None:
    async with house(known) as (running, _):
        plug = running.device("office plug")
        assert await running.hub.read(plug.id, "voltage") == 230.0
        assert await running.hub.read(plug.id, "energy") == 12.5
        sensor = running.device("bathroom sensor")
        assert await running.hub.read(sensor.id, "temperature") == 22.5


async def test_many_at_once(known: Path) -> None:
    async with house(known) as (running, sim):
        names = ["kitchen light", "bedroom light", "living room lamp", "hallway light"]
        ids = [running.device(name).id for name in names]
        for on in (True, False, True):
            told = await asyncio.gather(*(running.hub.set(i, "on_off", on) for i in ids * 3))
            assert told == [on] * 12
        for name in names:
            assert (await sim.values(name.replace(" ", "-")))["on"] is True


async def test_a_jammed_lock_is_not_done(known: Path) -> None:
    async with house(known, confirm_timeout_s=0.5) as (running, sim):
        await sim.set("front-door-lock", jammed=True)
        lock = running.device("front door lock")
        with pytest.raises(NotConfirmedError, match="did not do it: its lock is unknown"):
            await running.hub.set(lock.id, "lock", False)
        assert (await sim.values("front-door-lock"))["locked"] is False


async def test_blinds_that_are_stopped_are_not_done(known: Path) -> None:
    async with house(known, confirm_timeout_s=0.5) as (running, sim):
        blinds = running.device("living room blinds")
        setting = asyncio.create_task(running.hub.set(blinds.id, "cover_position", 0))
        await running.until(lambda: running.device("living room blinds").state != blinds.state)
        await sim.press("living-room-blinds")
        with pytest.raises(NotConfirmedError, match=r"its cover position is \d+ %"):
            await setting
