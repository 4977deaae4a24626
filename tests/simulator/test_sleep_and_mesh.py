"""Sleeping children and their parents, routes with their losses and delays, power that fails.

Real bellows and zigpy on a simulator in its own process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import pytest_asyncio
import zigpy.exceptions

from pichat.simulator.control import SimulatorClient
from tests.simulator.host import Host, becomes, happening, host, simulator

pytestmark = pytest.mark.asyncio(loop_scope="module")
HOUSE = """
devices:
  - {id: near, name: Near, area: Hall, kind: plug, ieee: "00:0d:6f:00:0a:00:00:01"}
  - id: other
    name: Other
    area: Hall
    kind: plug
    ieee: "00:0d:6f:00:0a:00:00:02"
  - id: far
    name: Far
    area: Shed
    kind: light-dimmable
    ieee: "00:0d:6f:00:0a:00:00:03"
    link: {parent: near, hears: {near: 200, other: 120}}
  - id: valve
    name: Valve
    area: Shed
    kind: switch-sleepy
    ieee: "00:0d:6f:00:0a:00:00:04"
    link: {parent: near, hears: {other: 90}, poll_s: 1000000}
"""
Both = tuple[Host, SimulatorClient]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Both]:
    directory: Path = tmp_path_factory.mktemp("mesh")
    house = directory / "house.yaml"
    house.write_text(HOUSE)
    async with simulator(directory, house=house) as (process, client), host(process.path) as app:
        await client.settings(awake_joined_ms=4_000, awake_ms=0, failure_ms=20, orphan_ms=50)
        await app.join(2)
        await app.join(4)  # routers that joined meanwhile are open only now
        await app.cluster(4, "poll_control").bind()
        yield app, client


async def test_delays_add_up_by_hop(both: Both) -> None:
    app, client = both
    await client.device("near", radio_delay_ms=10)
    await client.device("far", radio_delay_ms=20)
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    await app.cluster(3, "on_off").on()
    assert 0.06 <= loop.time() - began_s < 0.5
    await client.device("near", radio_delay_ms=None)
    await client.device("far", radio_delay_ms=None)


async def test_a_lost_hop_loses_all_behind_it(both: Both) -> None:
    app, client = both
    await client.device("near", loss=1)
    for number in (1, 3):
        with pytest.raises(zigpy.exceptions.DeliveryError):
            await app.cluster(number, "on_off").off(retries=0)
    await app.cluster(2, "on_off").off()
    await client.device("near", loss=None)
    await app.cluster(3, "on_off").off()
    assert (await client.values("far"))["on"] is False


async def test_messages_wait_for_a_child_that_is_woken(both: Both) -> None:
    app, client = both
    await client.request("sleep", device="valve")
    async with held(client):
        command = asyncio.create_task(app.cluster(4, "on_off").on())
    assert (await client.values("valve"))["on"] is False
    await client.request("wake", device="valve")
    await command
    assert (await client.values("valve"))["on"] is True


def held(client: SimulatorClient) -> AbstractAsyncContextManager[None]:
    """Leaves when the valve's parent has a message for it."""
    return happening(client, air=True, event="held", device="valve")


async def test_poll_control(both: Both) -> None:
    app, client = both
    poll = app.cluster(4, "poll_control")
    checked_in = asyncio.Event()

    class Listener:
        def cluster_command(self, _: int, command: int, __: object) -> None:
            if command == 0:
                checked_in.set()

    poll.add_listener(Listener())
    async with held(client):
        writing = asyncio.create_task(poll.write_attributes({"checkin_interval": 1}))
    await client.request("wake", device="valve")
    await writing
    async with asyncio.timeout(5):
        await checked_in.wait()
    await poll.checkin_response(True, 40)  # ten seconds
    await poll.write_attributes({"checkin_interval": 0})
    await poll.set_long_poll_interval(8)
    assert (await client.get("valve"))["link"]["poll_s"] == 2
    await poll.fast_poll_stop()
    command = asyncio.create_task(app.cluster(4, "on_off").off())
    await becomes(client, "valve", on=False)  # at its next poll
    await command


async def test_a_router_takes_its_children_away(both: Both) -> None:
    app, client = both
    async with (
        happening(client, event="rejoined", device="valve"),
        happening(client, event="rejoined", device="far"),
    ):
        await client.device("near", power=False)
        with pytest.raises(zigpy.exceptions.DeliveryError):
            await app.cluster(3, "on_off").on(retries=0)
    assert (await client.get("far"))["link"]["parent"] == "other"
    await app.cluster(3, "on_off").on()
    assert (await client.values("far"))["on"] is True


async def test_power_comes_back(both: Both) -> None:
    app, client = both
    await client.device("near", power=True)
    plug = app.cluster(1, "on_off")
    await plug.on()
    await plug.write_attributes({"start_up_on_off": 0})
    await client.device("near", power=False)
    with pytest.raises(zigpy.exceptions.DeliveryError):
        await plug.off(retries=0)
    assert (await client.values("near"))["on"] is True
    await client.device("near", power=True)
    assert (await client.values("near"))["on"] is False, "its start-up state"


@pytest.mark.long
async def test_a_message_nobody_fetches_is_lost(both: Both) -> None:
    app, client = both
    await client.device("valve", poll_s=1e6)
    await client.request("sleep", device="valve")
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    with pytest.raises(zigpy.exceptions.DeliveryError):
        await app.cluster(4, "on_off").on(retries=0)
    assert loop.time() - began_s > 7
    await client.request("wake", device="valve")
    assert (await client.values("valve"))["on"] is False


async def test_a_liar_and_one_that_refuses(both: Both) -> None:
    app, client = both
    light = app.cluster(3, "on_off")
    await light.off()
    await client.device("far", lies=True)
    assert (await light.on()).status == 0
    assert (await client.values("far"))["on"] is False
    await client.device("far", lies=False, refuses=0x01)
    assert (await light.on()).status == 1
    assert (await client.values("far"))["on"] is False
    await client.device("far", refuses=None)
    assert (await light.on()).status == 0
