"""The first start, and the next ones."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest

from pichat.config.types import Zigbee
from pichat.errors import BadRequestError, NotFoundError
from pichat.events import Device, DeviceAdded
from pichat.simulator.control import SimulatorClient
from pichat.simulator.process import SimulatorProcess
from pichat.zigbee.roster import Roster
from pichat.zigbee.view import DeviceView
from tests.zigbee.running import running_hub
from tests.zigbee.simulated import HOUSE, NAMES, house

LIGHT = ("brightness", "colour_temperature", "on_off", "power_on_behaviour")
EXPECTED = {
    "kitchen-light": ("light", LIGHT),
    "bedroom-light": ("light", LIGHT),
    "living-room-lamp": ("light", tuple(sorted((*LIGHT, "colour")))),
    "hallway-light": ("light", ("on_off", "power_on_behaviour")),
    "office-plug": (
        "plug",
        ("current", "energy", "on_off", "power", "power_on_behaviour", "voltage"),
    ),
    "bathroom-sensor": ("sensor", ("battery", "humidity", "temperature")),
    "hallway-motion": ("sensor", ("battery", "illuminance", "occupancy")),
    "front-door": ("sensor", ("battery", "contact", "tamper")),
    "front-door-lock": ("lock", ("battery", "jammed", "last_operation", "lock")),
    "living-room-blinds": ("cover", ("cover_motion", "cover_position")),
    "bedroom-thermostat": (
        "thermostat",
        ("battery", "running_state", "target_temperature", "temperature", "thermostat_mode"),
    ),
}


def summary(device: Device) -> tuple[str, str | None, str, tuple[str, ...]]:
    return device.name, device.area, device.kind, tuple(c.name for c in device.capabilities)


async def left(sim: SimulatorClient, device: str) -> None:
    """Waits for the device to leave the network."""
    async with aclosing(sim.watch()) as events:
        async for event in events:
            if event["event"] == "left" and event["device"] == device:
                return


class _Asking:
    """While a device is being forgotten, asks for it, as whoever is at work on it may."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        self.answers: list[type[Exception]] = []

    async def load(self) -> None: ...

    def recall(self, view: DeviceView, device: object) -> None: ...

    async def forget(self, device_id: str) -> None:
        try:
            self._roster.view(device_id)
        except NotFoundError as error:
            self.answers.append(type(error))


async def test_the_first_start_pairs_the_whole_house(tmp_path: Path) -> None:
    async with house(tmp_path, pair=True) as (running, sim):
        found = {device.id: device for device in running.hub.devices()}
        for spec in HOUSE.devices:
            device = found.pop(spec.ieee)
            assert summary(device) == (spec.name, spec.area, *EXPECTED[spec.id])
            assert device.available
            assert device.last_seen_s is not None
            # Every capability has a value from the start, but for what is no state yet: the colour
            # of a white lamp, an act, who moved a bolt.
            missing = {c.name for c in device.capabilities} - device.state.keys()
            assert missing <= {"colour", "cover_motion", "last_operation"}
        assert found == {}
        assert set(await running.names.all()) == {spec.ieee for spec in HOUSE.devices}
        status = await sim.status()
        assert not status["joining"]
        network = running.network()
        assert network is not None
        assert (network.pan_id, network.channel) == (
            status["network"]["pan"],
            status["network"]["channel"],
        )
        added = 0
        while added < len(EXPECTED):
            added += isinstance(await running.events.get(), DeviceAdded)


async def test_a_pairing_that_was_cut_short_is_completed(tmp_path: Path) -> None:
    control, state = tmp_path / "control", tmp_path / "stick.json"
    async with SimulatorProcess(control=control, state=state, radio_delay_ms=3) as process:
        config = Zigbee(path=process.path)
        async with running_hub(tmp_path, config, NAMES, pair=True) as running:
            await running.until(lambda: len(running.hub.devices()) > 1)
        async with running_hub(tmp_path, config, NAMES, pair=True) as running:
            assert "zigbee" not in running.health.parts()
            await running.until(lambda: len(running.hub.devices()) == len(EXPECTED))


async def test_a_restart_resumes_without_pairing(known: Path) -> None:
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    async with house(known, radio_delay_ms=15.0) as (running, sim):
        assert loop.time() - began_s < 3
        assert len(running.hub.devices()) == len(EXPECTED)
        assert all(device.available for device in running.hub.devices())
        light = running.device("kitchen light")
        assert await running.hub.set(light.id, "on_off", True) is True
        # The reports that the first start configured still come.
        await sim.set("kitchen-light", on=False)
        await running.until(lambda: running.device("kitchen light").state["on_off"] is False)


@pytest.mark.long
async def test_what_changed_while_the_hub_was_away_is_read_again(known: Path) -> None:
    async with house(known) as (running, sim):
        light = running.device("kitchen light")
        assert light.state["on_off"] is False
    stick = known / "stick.json"
    before = stick.read_bytes()
    async with house(known) as (running, sim):
        await running.hub.set(light.id, "on_off", True)
    assert stick.read_bytes() != before
    stick.write_bytes(before)  # now the light is off, and the hub's database says on
    async with house(known) as (running, sim):
        assert (await sim.values("kitchen-light"))["on"] is False
        await running.until(lambda: running.device("kitchen light").state["on_off"] is False)


async def test_names_and_rooms_are_kept(known: Path) -> None:
    async with house(known) as (running, _):
        light = running.device("hallway light")
        assert [d.name for d in running.hub.devices() if d.confirm] == ["front door lock"]
        lock = running.device("front door lock")
        assert (await running.hub.mark(light.id, True)).confirm is True
        assert (await running.hub.mark(lock.id, False)).confirm is False
        assert await running.names.marks() == {light.id: True, lock.id: False}
        with pytest.raises(NotFoundError):
            await running.hub.mark("00:11", True)
        renamed = await running.hub.rename(light.id, "  ceiling   lamp ", "Attic")
        assert (renamed.name, renamed.area) == ("ceiling lamp", "Attic")
        await running.until(lambda: running.device("ceiling lamp").area == "Attic")
        assert (await running.hub.rename(light.id, area=None)).area is None
        assert (await running.hub.rename(light.id, "lamp")).area is None
        with pytest.raises(BadRequestError, match="needs a name"):
            await running.hub.rename(light.id, "  ")
        with pytest.raises(BadRequestError, match=r"already a \w+ light in the Kitchen\."):
            await running.hub.rename(light.id, "KITCHEN LIGHT", "kitchen")
        with pytest.raises(NotFoundError):
            await running.hub.rename("00:11", "lamp")
    async with house(known) as (running, _):
        assert running.device("lamp").id == light.id


async def test_a_device_can_go_and_come_back(known: Path) -> None:
    async with house(known) as (running, sim):
        plug = running.device("office plug")
        gone = asyncio.create_task(left(sim, "office-plug"))
        asked = _Asking(running.parts.roster)
        running.parts.roster.memories.append(asked)
        await running.parts.care.remove(plug.id, force=False)
        assert asked.answers == [NotFoundError]
        await running.until(lambda: len(running.hub.devices()) == len(EXPECTED) - 1)
        assert plug.id not in await running.names.all()
        await asyncio.wait_for(gone, 10)
        await running.parts.admission.permit(60)
        await running.until(lambda: len(running.hub.devices()) == len(EXPECTED))
        plug = running.device("office plug")
        assert await running.hub.set(plug.id, "on_off", True) is True
        assert plug.state["energy"] == 12.5
        await running.parts.admission.permit(0)
        with pytest.raises(NotFoundError):
            await running.parts.care.remove("00:11", force=True)
    async with house(known) as (running, _):
        assert len(running.hub.devices()) == len(EXPECTED)
