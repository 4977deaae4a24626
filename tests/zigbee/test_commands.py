"""Commands, judged by the simulated devices themselves."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from pichat.errors import NotConfirmedError, NotFoundError, UnsupportedError
from pichat.events import Colour, Device, DeviceChanged, State
from tests.zigbee.simulated import house

BLUE = Colour(hue_deg=240, saturation_percent=100)


SETTINGS: list[tuple[str, str, State, dict[str, Any]]] = [
    ("kitchen light", "on_off", True, {"on": True}),
    ("kitchen light", "on_off", False, {"on": False}),
    ("kitchen light", "brightness", 33, {"on": True, "brightness": 33}),
    ("kitchen light", "colour_temperature", 4000, {"color_temperature": 4000}),
    ("kitchen light", "brightness", 0, {"on": False}),
    ("hallway light", "on_off", True, {"on": True}),
    ("office plug", "on_off", True, {"on": True}),
    ("living room lamp", "on_off", True, {"on": True}),
    ("bedroom thermostat", "target_temperature", 21.5, {"setpoint": 21.5}),
    ("front door lock", "lock", False, {"locked": False}),
    ("front door lock", "lock", True, {"locked": True}),
    ("living room blinds", "cover_position", 90, {"position": 90}),
]


async def test_set(known: Path) -> None:
    async with house(known) as (running, sim):
        for name, capability, value, values in SETTINGS:
            device = running.device(name)
            assert await running.hub.set(device.id, capability, value) == value
            found = await sim.values(name.replace(" ", "-"))
            assert {key: found[key] for key in values} == values
            if (capability, value) != ("brightness", 0):
                assert running.device(name).state[capability] == value
            # Once more: there is no change to report, and it is confirmed all the same.
            assert await running.hub.set(device.id, capability, value) == value


async def test_a_colour_lights_the_lamp_up(known: Path) -> None:
    async with house(known) as (running, sim):
        lamp = running.device("living room lamp")
        assert lamp.state["on_off"] is False
        told = await running.hub.set(lamp.id, "colour", BLUE)
        # Its reports tell the hue more and more finely.
        assert isinstance(told, Colour)
        assert abs(told.hue_deg - 240) < 2
        assert told.saturation_percent == 100
        values = await sim.values("living-room-lamp")
        assert values["on"] is True
        assert abs(values["hue"] - 240) < 3
        assert abs(values["saturation"] - 100) < 2
        state = running.device("living room lamp").state
        shown = state["colour"]
        assert isinstance(shown, Colour)
        assert abs(shown.hue_deg - 240) < 2
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


async def test_what_can_be_read_and_what_cannot_be_done(known: Path) -> None:
    async with house(known) as (running, _):
        light = running.device("kitchen light")
        plug = running.device("office plug")
        sensor = running.device("bathroom sensor")
        assert await running.hub.read(plug.id, "voltage") == 230.0
        assert await running.hub.read(plug.id, "energy") == 12.5
        assert await running.hub.read(sensor.id, "temperature") == 22.5
        refused: list[tuple[Device, str, State, str]] = [
            (light, "lock", True, "has no lock"),
            (light, "brightness", 101, "goes from 0 to 100 %"),
            (light, "on_off", 3, "on or off"),
            (sensor, "temperature", 30, "can be read, but not set"),
        ]
        for device, capability, value, sentence in refused:
            with pytest.raises(UnsupportedError, match=sentence):
                await running.hub.set(device.id, capability, value)
        with pytest.raises(NotFoundError):
            await running.hub.read("00:11", "on_off")


async def test_many_at_once(known: Path) -> None:
    async with house(known) as (running, sim):
        names = ["kitchen light", "bedroom light", "living room lamp", "hallway light"]
        ids = [running.device(name).id for name in names]
        for on in (True, False, True):
            told = await asyncio.gather(*(running.hub.set(i, "on_off", on) for i in ids * 3))
            assert told == [on] * 12
        for name in names:
            assert (await sim.values(name.replace(" ", "-")))["on"] is True


async def test_what_stops_on_its_way_is_not_done(known: Path) -> None:
    async with house(known, confirm_timeout_s=0.5) as (running, sim):
        blinds = running.device("living room blinds")
        lock = running.device("front door lock")
        await sim.set("front-door-lock", jammed=True)
        async with asyncio.TaskGroup() as tasks:
            closing = tasks.create_task(failure(running.hub.set(blinds.id, "cover_position", 0)))
            unlocking = tasks.create_task(failure(running.hub.set(lock.id, "lock", False)))
            await running.until(lambda: running.device("living room blinds").state != blinds.state)
            await sim.press("living-room-blinds")
        assert re.search(r"did not do it: its cover position is \d+ %\.$", closing.result())
        assert re.search(
            r"did not do it: its bolt is neither locked nor unlocked, and may be stuck\.$",
            unlocking.result(),
        )
        assert (await sim.values("front-door-lock"))["locked"] is False
        assert (await sim.values("living-room-blinds"))["position"] > 50


async def failure(setting: Coroutine[Any, Any, State]) -> str:
    with pytest.raises(NotConfirmedError) as caught:
        await setting
    return caught.value.sentence
