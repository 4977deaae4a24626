"""Joining as it goes in real houses: install codes, chosen routers, stuck interviews, comings back.

Real bellows and zigpy on a simulator in its own process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from zigpy.types import EUI64, KeyData
from zigpy.util import convert_install_code

from pichat.simulator.control import SimulatorClient
from pichat.simulator.errors import SimulatorError
from pichat.simulator.node.install_code import link_key
from tests.simulator.host import Host, happening, host, simulator

pytestmark = pytest.mark.asyncio(loop_scope="module")
CODE = "83FE D340 7A93 9723 A5C6 39B2 6916 D505 C3B5"
HOUSE = f"""
devices:
  - {{id: plug, name: Plug, area: Hall, kind: plug, ieee: "00:0d:6f:00:0a:00:00:01"}}
  - id: far
    name: Far
    area: Shed
    kind: light-dimmable
    ieee: "00:0d:6f:00:0a:00:00:02"
    link: {{parent: plug, seeks: false}}
  - id: coded
    name: Coded
    area: Hall
    kind: light-on-off
    ieee: "00:0d:6f:00:0a:00:00:03"
    link: {{install_code: "{CODE}", hears: {{coordinator: 200}}, seeks: false}}
  - id: stuck
    name: Stuck
    area: Hall
    kind: light-on-off
    ieee: "00:0d:6f:00:0a:00:00:04"
    link: {{interview_stuck_at: simple_descriptor, seeks: false}}
"""
Both = tuple[Host, SimulatorClient]


def ieee(number: int) -> Any:
    return EUI64.convert(f"00:0d:6f:00:0a:00:00:{number:02x}")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Both]:
    directory: Path = tmp_path_factory.mktemp("joining")
    house = directory / "house.yaml"
    house.write_text(HOUSE)
    async with simulator(directory, house=house) as (process, client), host(process.path) as app:
        await app.join(1)
        yield app, client


async def test_who_does_not_seek_stays_out(both: Both) -> None:
    _, client = both
    assert [one["id"] for one in await client.list() if one["joined"]] == ["plug"]


async def test_through_one_router_only(both: Both) -> None:
    app, client = both
    await app.app.permit(0)
    with pytest.raises(SimulatorError, match="not permitted"):
        await client.request("join", device="far")
    await app.app.permit(60, node=ieee(1))
    assert (await client.status())["joining"] is True
    with pytest.raises(SimulatorError, match="not permitted"):  # it hears the coordinator alone
        await client.request("join", device="coded")
    await client.request("join", device="far")
    await app.until(lambda: str(ieee(2)) in app.initialized)
    await app.cluster(2, "on_off").on()
    assert (await client.values("far"))["on"] is True
    _, table = await app.device(1).zdo.Mgmt_Lqi_req(0)
    [to_far] = [one for one in table.NeighborTableList if one.ieee == ieee(2)]
    assert to_far.relationship.name == "Child"
    await app.app.permit(0, node=ieee(1))


async def test_install_codes(both: Both) -> None:
    app, client = both
    assert link_key(CODE) == convert_install_code(bytes.fromhex(CODE)).serialize()
    await app.app.permit(60)
    with pytest.raises(SimulatorError, match="does not know its install code"):
        await client.request("join", device="coded")
    await app.app.permit_with_link_key(ieee(3), KeyData(link_key(CODE)), 60)
    with pytest.raises(SimulatorError, match="policy denied"):
        await client.request("join", device="stuck")  # whose key nobody told
    await client.request("join", device="coded")
    await app.until(lambda: str(ieee(3)) in app.initialized)


async def test_a_stuck_interview(both: Both) -> None:
    app, client = both
    await app.app.permit(60)
    async with happening(client, air=True, event="zdo", device="stuck", number=4):
        await client.request("join", device="stuck")
    assert str(ieee(4)) not in app.initialized
    await client.device("stuck", interview_stuck_at=None)
    await client.request("join", device="stuck")
    await app.until(lambda: str(ieee(4)) in app.initialized)


async def test_comings_and_goings(both: Both) -> None:
    app, client = both
    before = (await client.get("plug"))["address"]
    await client.request("rejoin", device="plug", new_address=True)
    after = (await client.get("plug"))["address"]
    assert before != after
    await app.until(lambda: int(app.device(1).nwk) == after)
    await app.cluster(1, "on_off").on()
    await app.app.permit(0)
    async with happening(client, event="left", device="plug"):
        await client.request("reset", device="plug")
    assert (await client.get("plug"))["joined"] is False
    async with happening(client, event="joined", device="plug"):
        await app.app.permit(60)
