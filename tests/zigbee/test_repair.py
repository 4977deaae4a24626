"""Sticks that do not fit: each is refused with its reason, and repaired as its owner chooses."""

from __future__ import annotations

import asyncio
import base64
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from pichat.config.types import Zigbee
from pichat.errors import BadRequestError, UnavailableError
from pichat.simulator.control import SimulatorClient
from pichat.simulator.process import SimulatorProcess
from tests.zigbee.running import Running, running_hub
from tests.zigbee.simulated import NAMES, house


async def refused(running: Running, sim: SimulatorClient, stick: str | None, network: str) -> str:
    """Why another stick, or this one with another network, is not used."""
    await sim.request("swap", stick=stick, network=network)
    async with asyncio.timeout(10):
        while running.parts.repairs.refusal is None:
            await running.conditions.get()
    reason = (await running.until_status("degraded")).reason or ""
    assert len(running.hub.devices()) == len(NAMES)
    with pytest.raises(UnavailableError) as asked:
        await running.parts.admission.permit(10)
    assert asked.value.sentence == reason
    return reason


async def works(running: Running, name: str = "hallway light") -> bool:
    await running.until_status("ok", 10)
    return await running.hub.set(running.device(name).id, "on_off", True) is True


async def test_a_new_stick_takes_over_network_and_address(known: Path) -> None:
    async with house(known) as (running, sim):
        before = running.network()
        reason = await refused(running, sim, "spare", "none")
        assert "is new: it holds no network" in reason
        assert "restore or start-afresh" in reason
        with pytest.raises(BadRequestError, match="no network that could be taken"):
            await running.parts.repairs.repair("adopt")
        # The right one comes back, and nobody has to do anything.
        await sim.request("swap", stick="first")
        await running.until_status("ok", 5)
        assert running.parts.repairs.refusal is None
        with pytest.raises(BadRequestError, match="nothing to repair"):
            await running.parts.repairs.repair("restore")
        await refused(running, sim, "spare", "none")
        await running.parts.repairs.repair("restore")
        assert await works(running)
        assert running.network() == before
        assert len(running.hub.devices()) == len(NAMES)


async def test_a_foreign_network_is_taken_only_when_asked(known: Path) -> None:
    async with house(known) as (running, sim):
        area = running.device("hallway light").area
        assert "holds another network" in await refused(running, sim, None, "foreign")
        await running.parts.repairs.repair("adopt")
        await running.until_status("ok", 10)
        assert running.hub.devices() == ()
        with closing(sqlite3.connect(known / "zigbee.before-repair.db")) as kept:
            tables = [name for (name,) in kept.execute("SELECT name FROM sqlite_master")]
            [devices] = [name for name in tables if name.startswith("devices_v")]
            (count,) = kept.execute(f"SELECT count(*) FROM {devices}").fetchone()
            assert count > len(NAMES)
        # What joins again is what it was.
        await running.parts.admission.permit(60)
        await sim.request("join", device="hallway-light")
        await running.until(lambda: len(running.hub.devices()) > 0)
        async with asyncio.timeout(10):
            while not [d for d in running.hub.devices() if d.name.casefold() == "hallway light"]:
                await running.events.get()
        assert running.device("hallway light").area == area


@pytest.mark.long
async def test_a_foreign_network_is_overwritten_with_the_known_one(known: Path) -> None:
    async with house(known) as (running, sim):
        before = running.network()
        assert "and is another stick" in await refused(running, sim, "spare", "foreign")
        await running.parts.repairs.repair("restore")
        assert await works(running)
        assert running.network() == before


@pytest.mark.long
async def test_a_new_network_is_formed_when_asked(known: Path) -> None:
    async with house(known) as (running, _):
        before = running.network()
        await running.parts.repairs.repair("start_afresh")
        await running.until_status("ok", 10)
        after = running.network()
        assert before is not None
        assert after is not None
        assert after.extended_pan_id != before.extended_pan_id
        assert running.hub.devices() == ()


def change_stick(directory: Path, **changes: object) -> None:
    """In the memory of the stick: fields of the network, or `eui64`."""
    file = directory / "stick.json"
    memory = msgspec.json.decode(file.read_bytes())
    for name, value in changes.items():
        place = memory["stick"] if name == "eui64" else memory["stick"]["network"]
        assert name in place
        place[name] = value
    file.write_bytes(msgspec.json.encode(memory))


async def test_the_known_network_may_change_its_channel_and_number(known: Path) -> None:
    change_stick(known, channel=20, pan=0x4321)
    async with house(known) as (running, _):
        network = running.network()
        assert network is not None
        assert (network.channel, network.pan_id) == (20, 0x4321)
        assert await works(running)


@pytest.mark.long
async def test_the_known_network_under_another_address_is_asked_about(known: Path) -> None:
    change_stick(known, eui64=base64.b64encode(bytes(range(8))).decode())
    control, state = known / "control", known / "stick.json"
    async with SimulatorProcess(control=control, state=state, radio_delay_ms=3) as process:
        config = Zigbee(path=process.path)
        async with running_hub(known, config, NAMES, pair=True) as running:
            part = await running.until_status("degraded")
            assert "under another address" in (part.reason or "")
            await running.parts.repairs.repair("adopt")
            assert await works(running)
            network = running.network()
            assert network is not None
            assert network.coordinator_id == "07:06:05:04:03:02:01:00"
            assert len(running.hub.devices()) == len(NAMES)


async def test_a_repair_without_a_stick_says_so(tmp_path: Path) -> None:
    config = Zigbee(path=str(tmp_path / "ttyUSB0"))
    async with running_hub(tmp_path, config) as running:
        await running.until_status("degraded")
        with pytest.raises(UnavailableError, match="is not there"):
            await running.parts.repairs.repair("start_afresh")
    async with running_hub(tmp_path, Zigbee(path="none")) as running:
        await running.until_status("off")
        with pytest.raises(UnavailableError, match="switched off"):
            await running.parts.repairs.repair("start_afresh")
