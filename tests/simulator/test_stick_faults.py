"""Sticks that are short of something, that restart by themselves, and that are swapped.

Real bellows and zigpy on a simulator in its own process."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import zigpy.exceptions

from pichat.simulator.control import SimulatorClient
from pichat.simulator.errors import SimulatorError
from tests.simulator.host import host, simulator
from tests.simulator.test_stick_on_bellows import SMALL_HOUSE


@pytest.fixture
def house(tmp_path: Path) -> Path:
    file = tmp_path / "house.yaml"
    file.write_text(SMALL_HOUSE)
    return file


@pytest.mark.parametrize("version", [13, pytest.param(14, marks=pytest.mark.long)])
async def test_a_stick_that_is_short_of_something(
    version: int, house: Path, tmp_path: Path
) -> None:
    async with (
        simulator(tmp_path, house=house, ezsp_version=version) as (process, client),
        host(process.path) as app,
    ):
        await app.join(2)
        light = app.cluster(1, "on_off")
        for refuses, said in (
            ("no_buffers", "ALLOCATION_FAILED"),
            ("message_limit", "MAX_MESSAGE_LIMIT_REACHED"),
            ("busy", "BUSY"),
        ):
            await client.request("stick", refuses=refuses, refusals=1)
            with pytest.raises(zigpy.exceptions.DeliveryError, match=said):
                await light.on(retries=0)
            assert (await client.values("lamp"))["on"] is False
            await light.on(retries=0)
            await light.off(retries=0)
        await _places_under_way(app, client)
        await _a_slow_answer(light, client)


async def _places_under_way(app: Any, client: SimulatorClient) -> None:
    """More unicasts than the stick has places for."""
    await client.request("stick", most_in_flight=1)
    await client.settings(radio_delay_ms=20)
    light, sensor = app.cluster(1, "on_off"), app.cluster(2, "basic")
    results = await asyncio.gather(
        light.on(retries=0),
        sensor.read_attributes(["model"], retries=0),
        return_exceptions=True,
    )
    failed = [one for one in results if isinstance(one, zigpy.exceptions.DeliveryError)]
    assert len(failed) == 1
    await client.request("stick", most_in_flight=0)
    await client.settings(radio_delay_ms=0)


async def _a_slow_answer(light: Any, client: SimulatorClient) -> None:
    await client.request("stick", answer_ms=40)
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    await light.on()
    assert loop.time() - began_s >= 0.04
    await client.request("stick", answer_ms=0)


async def test_a_stick_that_restarts_by_itself_tells(house: Path, tmp_path: Path) -> None:
    async with simulator(tmp_path, house=house) as (process, client), host(process.path) as app:
        await client.request("restart", reason=0x06)
        async with asyncio.timeout(2):
            await app.lost.wait()
        with pytest.raises(SimulatorError, match="reason is not between"):
            await client.request("restart", reason=256)


@pytest.mark.long
async def test_swapped_sticks_have_their_own_networks(house: Path, tmp_path: Path) -> None:
    state = tmp_path / "stick.json"
    async with simulator(tmp_path, house=house, state=state) as (process, client):
        async with host(process.path) as app:
            await app.join(2)
            first = app.app.state.network_info.extended_pan_id
        own = (await client.status())["eui64"]
        other = (await client.request("swap", stick="second", ezsp=14))["eui64"]
        assert other != own
        assert not any(one["joined"] for one in await client.list())
        async with host(process.path) as app:
            assert app.app.state.network_info.extended_pan_id != first
            assert (await client.status())["ezsp"] == 14
    async with simulator(tmp_path, house=house, state=state) as (process, client):
        assert (await client.status())["eui64"] == other
        assert (await client.request("swap", stick="first", ezsp=13))["eui64"] == own
        async with host(process.path, tmp_path / "zigbee.db") as app:
            assert app.app.state.network_info.extended_pan_id == first
            assert all(one["joined"] for one in await client.list())
        await client.request("swap", network="foreign")
        async with host(process.path) as app:
            assert app.app.state.network_info.pan_id == 0x4711
            assert not any(one["joined"] for one in await client.list())
        with pytest.raises(SimulatorError, match="not spoken here"):
            await client.request("swap", ezsp=20)


async def test_overtaking_and_repeating_messages(house: Path, tmp_path: Path) -> None:
    async with simulator(tmp_path, house=house) as (process, client), host(process.path) as app:
        await app.join(2)
        await client.settings(jitter_ms=30, duplicates=1)
        light = app.cluster(1, "on_off")
        for _ in range(4):
            answers = await asyncio.gather(*(light.toggle() for _ in range(5)))
            assert all(one.status == 0 for one in answers)
        assert (await client.values("lamp"))["on"] is False


async def test_bytes_lost_on_the_line(house: Path, tmp_path: Path) -> None:
    async with simulator(tmp_path, house=house) as (process, client), host(process.path) as app:
        await app.join(2)
        await client.settings(line_drop=0.05)
        for turn in range(20):
            await app.cluster(1, "on_off").toggle()
            assert (await client.values("lamp"))["on"] is (turn % 2 == 0)
        await client.settings(line_drop=0)
