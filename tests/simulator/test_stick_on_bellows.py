"""The stick as bellows sees it: every protocol version, TCP, threads, restarts and faults."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pichat.simulator.control import SimulatorClient
from tests.simulator.host import Reports, host, names_in, report, simulator

SMALL_HOUSE = """
devices:
  - {id: lamp, name: Lamp, area: Hall, kind: light-dimmable, ieee: "00:0d:6f:00:0a:00:00:01"}
  - id: sensor
    name: Sensor
    area: Hall
    kind: sensor-climate
    ieee: "00:0d:6f:00:0a:00:00:02"
"""


@pytest.fixture
def house(tmp_path: Path) -> Path:
    file = tmp_path / "house.yaml"
    file.write_text(SMALL_HOUSE)
    return file


@pytest.mark.parametrize(
    "version",
    [
        13,
        pytest.param(14, marks=pytest.mark.long),
        pytest.param(16, marks=pytest.mark.long),
        pytest.param(17, marks=pytest.mark.long),
        pytest.param(18, marks=pytest.mark.long),
        19,
    ],
)
async def test_every_version_forms_joins_and_commands(
    version: int, house: Path, tmp_path: Path
) -> None:
    async with (
        simulator(tmp_path, house=house, ezsp_version=version) as (process, client),
        host(process.path) as app,
    ):
        assert app.app.state.network_info.channel == 15
        await app.join(2)
        reports = await report(app.cluster(1, "on_off"), "on_off")
        await app.cluster(1, "on_off").on()
        await reports.until("on_off", True)
        assert (await client.status())["ezsp"] == version


async def test_bellows_own_thread(house: Path, tmp_path: Path) -> None:
    async with (
        simulator(tmp_path, house=house) as (process, client),
        host(process.path, use_thread=True) as app,
    ):
        await app.join(2)
        await app.cluster(1, "on_off").on()
        assert (await client.values("lamp"))["on"] is True


@pytest.mark.long
@pytest.mark.parametrize("version", [13, 14])
async def test_tcp(version: int, house: Path, tmp_path: Path) -> None:
    async with (
        simulator(tmp_path, house=house, ezsp_version=version, tcp_port=0) as (process, client),
        host(process.path) as app,
    ):
        assert process.path.startswith("socket://127.0.0.1:")
        await app.join(2)
        await app.cluster(1, "on_off").on()
        assert (await client.values("lamp"))["on"] is True


async def test_a_restarted_stick_and_its_house_remember(house: Path, tmp_path: Path) -> None:
    options = {"house": house, "state": tmp_path / "stick.json"}
    database = tmp_path / "zigbee.db"
    async with simulator(tmp_path, **options) as (process, client):
        async with host(process.path, database) as app:
            await app.join(2)
            await report(app.cluster(1, "on_off"), "on_off")
            await app.device(1).endpoints[1].add_to_group(0x20, "all")
            await app.cluster(1, "level").move_to_level_with_on_off(level=100, transition_time=0)
            key = app.app.state.network_info.network_key.key
        before = await client.get("lamp")
    async with simulator(tmp_path, **options) as (process, client):
        after = await client.get("lamp")
        assert {**after, "joined": True} == before, "all but the network, which is not up yet"
        async with host(process.path, database) as app:
            assert app.app.state.network_info.network_key.key == key
            light = app.cluster(1, "on_off")
            reports = Reports(light)
            await light.off()
            await reports.until("on_off", False)


@pytest.mark.long
async def test_without_a_state_file_the_stick_is_fresh(house: Path, tmp_path: Path) -> None:
    keys = []
    for _ in range(2):
        async with (
            simulator(tmp_path, house=house) as (process, _client),
            host(process.path) as app,
        ):
            keys.append(app.app.state.network_info.network_key.key)
    assert keys[0] != keys[1]


async def test_a_host_may_close_and_open_again(house: Path, tmp_path: Path) -> None:
    async with simulator(tmp_path, house=house) as (process, client):
        async with host(process.path, tmp_path / "zigbee.db") as app:
            await app.join(2)
        await client.set("sensor", temperature=25)
        async with host(process.path, tmp_path / "zigbee.db") as app:
            await app.cluster(1, "on_off").on()
        assert (await client.values("lamp"))["on"] is True


async def test_unplugged_and_plugged_in_again(house: Path, tmp_path: Path) -> None:
    async with simulator(tmp_path, house=house) as (process, client):
        async with host(process.path, tmp_path / "zigbee.db") as app:
            await app.join(2)
            await client.request("unplug")
            async with asyncio.timeout(2):
                await app.lost.wait()
        assert "control.tty" not in names_in(tmp_path)
        assert (await client.request("plug"))["path"] == process.path
        async with host(process.path, tmp_path / "zigbee.db") as app:
            await app.cluster(1, "on_off").on()


async def test_a_crash_is_told_to_the_host(house: Path, tmp_path: Path) -> None:
    async with (
        simulator(tmp_path, house=house) as (process, client),
        host(process.path) as app,
    ):
        await client.request("crash")
        async with asyncio.timeout(2):
            await app.lost.wait()


@pytest.mark.long
async def test_another_hosts_network_does_not_have_the_devices(house: Path, tmp_path: Path) -> None:
    async with simulator(tmp_path, house=house) as (process, client), host(process.path) as app:
        await app.join(2)
        await app.app.form_network()
        assert not any(one["joined"] for one in await client.list())


async def test_a_backup_brings_the_devices_back(house: Path, tmp_path: Path) -> None:
    async with (
        simulator(tmp_path, house=house) as (process, client),
        host(process.path) as app,
    ):
        await app.join(2)
        backup = await app.app.backups.create_backup(load_devices=True)
        assert len(backup.network_info.children) == 1
        await app.app.form_network()
        await app.app.backups.restore_backup(backup)
        assert await _all_joined(client)


async def _all_joined(client: SimulatorClient) -> bool:
    return all(one["joined"] for one in await client.list())
