"""Faults that pass, on one running stick: loss, delay, a hang, a noisy line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import zigpy.exceptions
import zigpy.types
from bellows.exception import InvalidCommandError

from pichat.simulator.control import SimulatorClient
from tests.simulator.host import Host, host, simulator
from tests.simulator.test_stick_on_bellows import SMALL_HOUSE

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[Host, SimulatorClient]]:
    directory: Path = tmp_path_factory.mktemp("sim")
    house = directory / "house.yaml"
    house.write_text(SMALL_HOUSE)
    async with simulator(directory, house=house) as (process, client), host(process.path) as app:
        await app.join(2)
        yield app, client


async def test_total_loss_is_a_delivery_failure(both: tuple[Host, SimulatorClient]) -> None:
    app, client = both
    await client.set("lamp", on=False)
    await client.settings(loss=1.0, failure_ms=20)
    with pytest.raises(zigpy.exceptions.DeliveryError):
        await app.cluster(1, "on_off").on()
    assert (await client.values("lamp"))["on"] is False
    await client.settings(loss=0.0)
    await app.cluster(1, "on_off").on()


async def test_radio_delay_is_each_way(both: tuple[Host, SimulatorClient]) -> None:
    app, client = both
    await client.settings(radio_delay_ms=25)
    began = asyncio.get_running_loop().time()
    await app.cluster(1, "on_off").on()
    took_s = asyncio.get_running_loop().time() - began
    assert 0.05 <= took_s < 0.25
    await client.settings(radio_delay_ms=0)


async def test_a_hung_stick_answers_late(both: tuple[Host, SimulatorClient]) -> None:
    app, client = both
    await client.set("lamp", on=False)
    await client.request("hang")
    command = asyncio.create_task(app.cluster(1, "on_off").on())
    assert (await client.values("lamp"))["on"] is False
    await client.request("resume")
    await command
    assert (await client.values("lamp"))["on"] is True


async def test_scan_and_channel(both: tuple[Host, SimulatorClient]) -> None:
    app, client = both
    energy = await app.app.energy_scan(zigpy.types.Channels.ALL_CHANNELS, 2, 1)
    assert set(energy) == set(range(11, 27))
    await app.app._ezsp.setRadioChannel(20)
    assert (await client.status())["network"]["channel"] == 20


async def test_unknown_commands_are_refused(both: tuple[Host, SimulatorClient]) -> None:
    app, _ = both
    with pytest.raises(InvalidCommandError):
        await app.app._ezsp.mfglibStart(rxCallback=True)


async def test_a_noisy_line_loses_nothing(both: tuple[Host, SimulatorClient]) -> None:
    app, client = both
    await client.set("lamp", on=False)
    await client.settings(line_noise=0.05)
    for turn in range(30):
        await app.cluster(1, "on_off").toggle()
        assert (await client.values("lamp"))["on"] is (turn % 2 == 0)
    await client.settings(line_noise=0)
