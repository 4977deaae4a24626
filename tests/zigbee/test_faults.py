"""Devices that do not answer, radio that loses, sticks that go."""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from contextlib import aclosing
from pathlib import Path

import pytest

from pichat.config.types import Zigbee
from pichat.errors import DeviceSilentError, UnavailableError
from pichat.simulator.process import SimulatorProcess
from tests.zigbee.running import Running, running_hub
from tests.zigbee.simulated import NAMES, house


async def test_devices_that_do_not_answer(known: Path) -> None:
    async with house(known, confirm_timeout_s=2.0) as (running, sim):
        await sim.device("kitchen-light", deaf=True)
        await sim.device("bedroom-light", mute=True)
        # The others do not mind.
        other = running.device("hallway light")
        taken_s = await asyncio.gather(
            silence(running, "kitchen light"),
            silence(running, "bedroom light"),
            running.hub.set(other.id, "on_off", True),
        )
        assert taken_s[0] < 3.5
        assert taken_s[1] < 3.5
        await running.until(lambda: not running.device("kitchen light").available)
        assert not running.device("bedroom light").available
        await sim.device("kitchen-light", deaf=False)
        await sim.press("kitchen-light")
        await running.until(lambda: running.device("kitchen light").available)


async def silence(running: Running, name: str) -> float:
    """Seconds until the hub says that a device does not answer."""
    began_s = time.monotonic()
    with pytest.raises(DeviceSilentError, match=r"^The \w+ light does not answer\.$"):
        await running.hub.set(running.device(name).id, "on_off", True)
    return time.monotonic() - began_s


@pytest.mark.long
async def test_ten_percent_loss(known: Path) -> None:
    async with house(known, confirm_timeout_s=1.0) as (running, sim):
        await sim.settings(loss=0.1, failure_ms=50)
        names = ["kitchen light", "bedroom light", "living room lamp", "hallway light"]
        for number in range(6):
            for name in names:
                on = number % 2 == 0
                assert await running.hub.set(running.device(name).id, "on_off", on) is on
                assert (await sim.values(name.replace(" ", "-")))["on"] is on


async def test_unplugged_and_back(known: Path) -> None:
    async with house(known) as (running, sim):
        light = running.device("kitchen light")
        await sim.request("unplug")
        part = await running.until_status("degraded", 2)
        assert "is not there" in (part.reason or "")
        with pytest.raises(UnavailableError, match="is not there"):
            await running.hub.set(light.id, "on_off", True)
        with pytest.raises(UnavailableError):
            await running.hub.read(light.id, "on_off")
        assert len(running.hub.devices()) == len(NAMES)
        await running.until(lambda: not any(d.available for d in running.hub.devices()))
        await sim.request("plug")
        await running.until_status("ok", 5)
        assert all(device.available for device in running.hub.devices())
        assert await running.hub.set(light.id, "on_off", True) is True


async def test_what_is_under_way_ends_when_the_stick_is_pulled(known: Path) -> None:
    async with house(known) as (running, sim):
        light = running.device("kitchen light")
        await sim.device("kitchen-light", mute=True)
        setting = asyncio.create_task(running.hub.set(light.id, "on_off", True))
        async with aclosing(sim.watch()) as events:
            async for event in events:
                if event["event"] == "changed" and event["device"] == "kitchen-light":
                    break
        await sim.request("unplug")
        async with asyncio.timeout(1):
            with pytest.raises(UnavailableError):
                await setting


async def test_the_devices_are_listed_without_the_stick(known: Path) -> None:
    config = Zigbee(path=str(known / "nothing"))
    async with running_hub(known, config, NAMES) as running:
        await running.until_status("degraded")
        devices = running.hub.devices()
        assert len(devices) == len(NAMES)
        assert not any(device.available for device in devices)
        assert running.device("bathroom sensor").state["temperature"] == 22.5


async def test_two_hubs_on_one_stick(known: Path, tmp_path: Path) -> None:
    async with house(known) as (running, _):
        second = tmp_path / "second"
        second.mkdir()
        config = Zigbee(path=str(known / "control.tty"))
        async with running_hub(second, config) as other:
            part = await other.until_status("degraded")
            assert "in use by another program" in (part.reason or "")
        light = running.device("kitchen light")
        assert await running.hub.set(light.id, "on_off", True) is True


async def test_a_stick_that_crashes_is_started_again(known: Path) -> None:
    async with house(known) as (running, sim):
        light = running.device("kitchen light")
        await sim.request("crash")
        part = await running.until_status("degraded", 2)
        assert "was lost" in (part.reason or "")
        await running.until_status("ok", 5)
        assert await running.hub.set(light.id, "on_off", True) is True


@pytest.mark.long
@pytest.mark.parametrize("busy", [False, True])
async def test_a_hanging_stick_is_noticed_and_taken_up_when_it_is_back(
    known: Path, busy: bool
) -> None:
    async with house(known) as (running, sim):
        light = running.device("kitchen light")
        await sim.request("hang")
        if busy:
            with pytest.raises((DeviceSilentError, UnavailableError)):
                await running.hub.set(light.id, "on_off", True)
        part = await running.until_status("degraded", 15)
        while "does not answer" not in (part.reason or ""):
            part = await running.conditions.get()
        await sim.request("resume")
        await running.until_status("ok", 5)
        assert await running.hub.set(light.id, "on_off", True) is True
        assert len(running.hub.devices()) == len(NAMES)


async def test_a_stick_that_another_program_held_is_taken_up(known: Path) -> None:
    control, state = known / "control", known / "stick.json"
    async with SimulatorProcess(control=control, state=state, radio_delay_ms=3) as process:
        descriptor = os.open(process.path, os.O_RDWR | os.O_NOCTTY)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            async with running_hub(known, Zigbee(path=process.path), NAMES) as running:
                part = await running.until_status("degraded")
                assert "in use by another program" in (part.reason or "")
                os.close(descriptor)
                descriptor = -1
                await running.until_status("ok", 5)
        finally:
            if descriptor >= 0:
                os.close(descriptor)


@pytest.mark.long
async def test_pulled_often_at_any_moment(known: Path) -> None:
    async with house(known) as (running, sim):
        light = running.device("kitchen light")
        for number in range(20):
            setting = asyncio.create_task(running.hub.set(light.id, "on_off", number % 2 == 0))
            await asyncio.wait([setting], timeout=number * 0.003)
            await sim.request("unplug")
            await running.until_status("degraded", 5)
            await asyncio.gather(setting, return_exceptions=True)
            await sim.request("plug")
            await running.until_status("ok", 5)
            assert len(running.hub.devices()) == len(NAMES)
