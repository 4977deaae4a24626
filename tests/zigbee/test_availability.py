"""Which devices are there, on a clock that is put ahead."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from pichat.errors import DeviceSilentError
from pichat.simulator.control import SimulatorClient
from tests.zigbee.running import Running
from tests.zigbee.simulated import copy_house
from tests.zigbee.sleeping import Clock, sleeping_house

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOUR_S = 3600.0


class Watched:
    def __init__(self, running: Running, sim: SimulatorClient, clock: Clock) -> None:
        self.running = running
        self.sim = sim
        self.clock = clock

    async def later(self, seconds: float) -> None:
        """So much time passes, and availability looks."""
        self.clock.ahead_s += seconds
        await self.running.parts.presence.availability.check()

    def there(self, name: str) -> bool:
        return self.running.device(name).available

    async def asked(self) -> int:
        """How many pings have gone to the light: what else it is asked is not about Basic."""
        return sum(
            (each["way"], each["device"], each["cluster"]) == ("to", "hallway-light", 0)
            for each in (await self.sim.request("log"))["messages"]
        )


@pytest.fixture(scope="module")
def directory(paired_sleepers: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_house(paired_sleepers, tmp_path_factory.mktemp("watched"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def watched(directory: Path) -> AsyncIterator[Watched]:
    clock = Clock()
    async with sleeping_house(directory, clock) as (running, sim):
        yield Watched(running, sim, clock)


async def test_who_listens_is_asked_when_it_was_silent_for_long(watched: Watched) -> None:
    await watched.later(0)
    before = await watched.asked()
    await watched.later(400)
    assert await watched.asked() == before
    await watched.later(201)
    assert await watched.asked() == before + 1
    assert watched.there("hallway light")


async def test_two_pings_without_an_answer_are_missing_and_one_with_is_back(
    watched: Watched,
) -> None:
    await watched.sim.device("hallway-light", deaf=True)
    await watched.later(601)
    assert watched.there("hallway light")
    await watched.later(31)
    assert not watched.there("hallway light")
    light = watched.running.device("hallway light")
    assert light.last_seen_s is not None
    before = await watched.asked()
    await watched.later(10)
    assert await watched.asked() == before
    await watched.sim.device("hallway-light", deaf=False)
    await watched.later(51)
    assert watched.there("hallway light")


async def test_who_did_not_take_a_command_is_asked_again_soon(watched: Watched) -> None:
    light = watched.running.device("hallway light")
    await watched.sim.device("hallway-light", deaf=True)
    with pytest.raises(DeviceSilentError):
        await watched.running.hub.set(light.id, "on_off", True)
    assert not watched.there("hallway light")
    await watched.sim.device("hallway-light", deaf=False)
    await watched.later(0)
    await watched.later(31)
    assert watched.there("hallway light")


async def test_who_sleeps_is_missed_in_its_own_time(watched: Watched) -> None:
    await watched.sim.set("bathroom-sensor", temperature=21.0)
    await watched.running.until(
        lambda: watched.running.device("bathroom sensor").state["temperature"] == 21.0
    )
    watched.clock.ahead_s = 0
    await watched.later(24 * HOUR_S)
    assert watched.there("bathroom sensor")
    await watched.later(1.1 * HOUR_S)
    assert not watched.there("bathroom sensor")
    await watched.sim.set("bathroom-sensor", temperature=21.5)
    await watched.running.until(lambda: watched.there("bathroom sensor"))
    sensor = watched.running.device("bathroom sensor")
    view = watched.running.parts.roster.view(sensor.id)
    for _ in range(24):
        view.pace.learn(HOUR_S)
    watched.clock.ahead_s = 0
    await watched.later(2.9 * HOUR_S)
    assert watched.there("bathroom sensor")
    await watched.later(0.2 * HOUR_S)
    assert not watched.there("bathroom sensor")


async def test_nobody_is_missed_for_a_time_in_which_nobody_listened(watched: Watched) -> None:
    assert not watched.there("bathroom sensor")
    watched.clock.ahead_s = 0
    await watched.sim.set("bathroom-valve", temperature=23.0)
    await watched.running.until(lambda: watched.there("bathroom valve"))
    await watched.sim.request("unplug")
    await watched.running.until_status("degraded")
    await watched.later(48 * HOUR_S)
    await watched.sim.request("plug")
    await watched.running.until_status("ok")
    await watched.later(0)
    assert watched.there("bathroom valve")
    assert not watched.there("bathroom sensor")
    await watched.later(25.1 * HOUR_S)
    assert not watched.there("bathroom valve")


async def test_who_is_missing_is_so_after_a_restart(paired_sleepers: Path, tmp_path: Path) -> None:
    clock, directory = Clock(), copy_house(paired_sleepers, tmp_path)
    async with sleeping_house(directory, clock) as (running, _):
        seen = {device.name: device.last_seen_s for device in running.hub.devices()}
        clock.ahead_s = 26 * HOUR_S
        await running.parts.presence.availability.check()
    async with sleeping_house(directory, clock) as (running, sim):
        assert {device.name: device.available for device in running.hub.devices()} == {
            "hallway light": True,
            "garden pump": False,
            "bathroom sensor": False,
            "bathroom valve": False,
        }
        assert running.device("bathroom sensor").last_seen_s == pytest.approx(
            seen["bathroom sensor"], abs=1
        )
        await sim.set("bathroom-sensor", temperature=20.0)
        await running.until(lambda: running.device("bathroom sensor").available)
