"""Commands for devices that sleep, judged by the devices themselves."""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from pichat.bus import Subscription
from pichat.errors import NotFoundError, WaitingError, attempt
from pichat.events import ScreenCommand, State, WaitingEnded
from pichat.simulator.control import SimulatorClient
from tests.zigbee.running import Running
from tests.zigbee.simulated import copy_house
from tests.zigbee.sleeping import Clock, as_killed, sleeping_house

pytestmark = pytest.mark.asyncio(loop_scope="module")

Ended = Subscription[WaitingEnded | ScreenCommand]


class Sleeping:
    def __init__(self, running: Running, sim: SimulatorClient, clock: Clock, ended: Ended) -> None:
        self.running = running
        self.sim = sim
        self.clock = clock
        self.ended = ended

    async def asleep(self, name: str, capability: str, value: State) -> str:
        """The sentence for a command to a device that sleeps now."""
        await self.sim.request("sleep", device=name.replace(" ", "-"))
        with pytest.raises(WaitingError) as waiting:
            await self.running.hub.set(self.running.device(name).id, capability, value)
        return waiting.value.sentence

    async def event(self, deadline_s: float = 10) -> WaitingEnded | ScreenCommand:
        async with asyncio.timeout(deadline_s):
            return await self.ended.get()


@pytest.fixture(scope="module")
def directory(paired_sleepers: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_house(paired_sleepers, tmp_path_factory.mktemp("waiting"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sleeping(directory: Path) -> AsyncIterator[Sleeping]:
    clock = Clock()
    async with sleeping_house(directory, clock) as (running, sim):
        kinds: tuple[type[WaitingEnded | ScreenCommand], ...] = (WaitingEnded, ScreenCommand)
        with running.bus.subscribe(*kinds) as ended:
            yield Sleeping(running, sim, clock, ended)


async def test_it_waits_until_the_device_wakes_and_the_newest_counts(sleeping: Sleeping) -> None:
    running = sleeping.running
    await sleeping.asleep("bathroom valve", "target_temperature", 25)
    began_s = time.monotonic()
    sentence = await sleeping.asleep("bathroom valve", "target_temperature", 21)
    assert time.monotonic() - began_s < 3.5
    assert re.fullmatch(
        r"The bathroom valve is asleep\. It will be set to 21 degrees when it wakes, at the latest"
        r" by \d+:\d\d; else I will tell you\.",
        sentence,
    )
    valve = running.device("bathroom valve")
    assert valve.waiting == {"target_temperature": 21}
    assert valve.available
    assert valve.state["target_temperature"] == 20
    await sleeping.sim.request("wake", device="bathroom-valve")
    assert await sleeping.event() == WaitingEnded(
        device_id=valve.id,
        device_name="bathroom valve",
        capability="target_temperature",
        value=21,
    )
    assert (await sleeping.sim.values("bathroom-valve"))["setpoint"] == 21
    assert running.device("bathroom valve").waiting == {}
    # It listens for a while now: nothing has to wait.
    assert await running.hub.set(valve.id, "target_temperature", 22) == 22


async def test_what_is_done_in_time_takes_the_place_of_what_waited(sleeping: Sleeping) -> None:
    valve = sleeping.running.device("bathroom valve")
    await sleeping.asleep("bathroom valve", "target_temperature", 15)
    await sleeping.running.hub.cancel_waiting(valve.id)
    with pytest.raises(NotFoundError, match="Nothing waits"):
        await sleeping.running.hub.cancel_waiting(valve.id)
    await sleeping.sim.request("wake", device="bathroom-valve")
    assert await sleeping.running.hub.set(valve.id, "target_temperature", 18) == 18
    assert sleeping.running.device("bathroom valve").waiting == {}
    assert (await sleeping.sim.values("bathroom-valve"))["setpoint"] == 18


async def test_a_device_that_checks_in_is_told_then(sleeping: Sleeping) -> None:
    running, pump_id = sleeping.running, sleeping.running.device("garden pump").id
    await sleeping.sim.request("sleep", device="garden-pump")
    if isinstance(await attempt(running.hub.set(pump_id, "on_off", False)), WaitingError):
        await sleeping.event()
    # It has just checked in, and does so again only in five seconds.
    await sleeping.asleep("garden pump", "on_off", True)
    event = await sleeping.event()
    assert isinstance(event, WaitingEnded)
    assert (event.capability, event.value, event.error) == ("on_off", True, None)
    assert (await sleeping.sim.values("garden-pump"))["on"] is True
    pump = await sleeping.sim.get("garden-pump")
    assert any(binding["cluster"] == 0x0020 for binding in pump["bindings"])


async def test_what_did_not_wake_in_time_is_told(sleeping: Sleeping) -> None:
    await sleeping.asleep("bathroom valve", "target_temperature", 9)
    sleeping.clock.ahead_s += 3590
    await sleeping.running.parts.presence.waiting.expire()
    assert sleeping.running.device("bathroom valve").waiting
    sleeping.clock.ahead_s += 20
    await sleeping.running.parts.presence.waiting.expire()
    assert not sleeping.running.device("bathroom valve").waiting
    event, shown = await sleeping.event(), await sleeping.event()
    sentence = "The bathroom valve did not wake in time, so it was not set to 9 degrees."
    assert isinstance(event, WaitingEnded)
    assert event.error == sentence
    assert isinstance(shown, ScreenCommand)
    assert (shown.title, shown.text) == ("bathroom valve", sentence)


async def test_what_waits_survives_a_restart(sleeping: Sleeping, directory: Path) -> None:
    """Of a hub that was killed: what it had on the disk then."""
    await sleeping.asleep("bathroom valve", "target_temperature", 23)
    killed = as_killed(directory, directory / "killed")
    await sleeping.sim.request("wake", device="bathroom-valve")
    await sleeping.event()
    shutil.copy(directory / "stick.json", killed)
    async with sleeping_house(killed, sleeping.clock) as (running, sim):
        assert running.device("bathroom valve").waiting == {"target_temperature": 23}
        with running.bus.subscribe(WaitingEnded) as ended:
            await sim.request("wake", device="bathroom-valve")
            assert (await asyncio.wait_for(ended.get(), 10)).error is None
        assert (await sim.values("bathroom-valve"))["setpoint"] == 23
