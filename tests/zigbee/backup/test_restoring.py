"""A backup brought back onto another stick: the devices stay, nobody joins again."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from pichat.errors import BadRequestError, UnsupportedError
from pichat.store.db import open_database
from pichat.store.devices import DeviceNames
from pichat.zigbee.backup.database import read_contents
from pichat.zigbee.backup.open_coordinator import Backup, decode, encode
from pichat.zigbee.backup.plan import plan
from tests.zigbee.backup.hubs import backup_of, plugged_in
from tests.zigbee.backup.installations import forget_hub, swap_stick
from tests.zigbee.simulated import HOUSE

KITCHEN, HALLWAY, LOCK = (HOUSE.devices[number].ieee for number in (0, 3, 8))
OLD, NEW = "00:0d:6f:00:de:ad:be:ef", "11:22:33:44:55:66:77:88"


@pytest.fixture
async def kept(known: Path) -> Backup:
    """A backup of the house, with names and marks of its own, as it comes out of its file."""
    async with open_database(known / "pichat.db") as store:
        names = DeviceNames(store)
        await names.save(HALLWAY, "porch lamp", "Porch")
        await names.save_mark(LOCK, False)
    return decode(encode(await backup_of(known)), "it")


async def test_everything_is_there_again_on_another_stick(known: Path, kept: Backup) -> None:
    forget_hub(known)
    swap_stick(known)
    async with plugged_in(known) as stick:
        seen = await stick.look(kept)
        assert (seen.coordinator_id, seen.holds, seen.takes_address) == (NEW, "nothing", True)
        told = plan(kept, seen, None, frozenset({"00:11"}))
        assert (told.names, told.forgotten, told.backup.devices) == (11, 1, 11)
        assert any(OLD in step and NEW in step and "takes over" in step for step in told.steps)
        restored = await stick.restore(kept)
        assert (restored.devices, restored.coordinator_id) == (11, OLD)
        assert restored.new_address is False
        async with stick.hub() as running:
            assert len(running.hub.devices()) == len(HOUSE.devices)
            lamp = running.device("porch lamp")
            assert (lamp.id, lamp.area) == (HALLWAY, "Porch")
            assert running.device("kitchen light").state["brightness"] == 80
            assert not running.device("front door lock").confirm
            assert await running.hub.set(KITCHEN, "on_off", True) is True
            assert (await stick.sim.values("kitchen-light"))["on"] is True
            # Reports still come to the address that the devices know.
            await stick.sim.set("hallway-light", on=True)
            await running.until(lambda: running.device("porch lamp").state["on_off"] is True)
    assert "zigbee.restoring.db" not in os.listdir(known)  # noqa: PTH208 (what is left behind)


@pytest.mark.long
async def test_devices_are_set_up_again_for_a_stick_that_keeps_its_address(
    known: Path, kept: Backup
) -> None:
    swap_stick(known, rewritable=False)
    async with plugged_in(known) as stick:
        seen = await stick.look(kept)
        assert (seen.coordinator_id, seen.takes_address) == (NEW, False)
        assert "keeps its own address" in " ".join(plan(kept, seen, None, frozenset()).steps)
        before = (known / "zigbee.db").read_bytes()
        with pytest.raises(UnsupportedError, match="cannot take over"):
            await stick.restore(kept)
        assert (known / "zigbee.db").read_bytes() == before
        assert (await stick.look(kept)).holds == "nothing"
        restored = await stick.restore(kept, allow_new_eui64=True)
        assert (restored.coordinator_id, restored.new_address) == (NEW, True)
        async with stick.hub() as running:
            assert len(running.hub.devices()) == len(HOUSE.devices)
            assert await running.hub.set(KITCHEN, "on_off", True) is True
            # Known again once it was bound to the new address and asked.
            await running.until(lambda: "on_off" in running.device("porch lamp").state)
            await stick.sim.set("hallway-light", on=True)
            await running.until(lambda: running.device("porch lamp").state["on_off"] is True)
            await stick.sim.set("office-plug", on=True)
            await running.until(lambda: running.device("office plug").state.get("on_off") is True)
        async with stick.hub() as running:  # and it stays so
            assert running.device("porch lamp").state["on_off"] is True


async def test_a_damaged_database_changes_nothing(known: Path, kept: Backup) -> None:
    before = (known / "zigbee.db").read_bytes()
    assert kept.database is not None
    half = replace(kept, database=kept.database[: len(kept.database) // 2])
    async with plugged_in(known) as stick:
        with pytest.raises(BadRequestError, match="device database is damaged"):
            await stick.restore(half)
        assert (known / "zigbee.db").read_bytes() == before
        # Nor was the stick touched.
        assert (await stick.look(kept)).holds == "the same network"


@pytest.mark.long
async def test_a_network_without_devices_keeps_those_that_are_of_it(
    known: Path, kept: Backup
) -> None:
    """As of a file that another program wrote."""
    alone = replace(kept, database=None, house={})
    swap_stick(known)
    async with plugged_in(known) as stick:
        assert (await stick.restore(alone)).coordinator_id == OLD
        assert "porch lamp" in {name for name, _ in (await names_of(known)).values()}
        assert len(read_contents(known / "zigbee.db").devices) == len(HOUSE.devices)
        # Without them they are known by their addresses alone, and asked when they are heard.
        forget_hub(known)
        await stick.restore(alone)
        assert len(read_contents(known / "zigbee.db").devices) == len(HOUSE.devices)
        async with stick.hub() as running:
            assert running.hub.devices() == ()
            await stick.sim.set("hallway-light", on=True)
            await running.until(lambda: HALLWAY in {d.id for d in running.hub.devices()})
            assert await running.hub.set(HALLWAY, "on_off", False) is False


async def names_of(house: Path) -> dict[str, tuple[str, str | None]]:
    async with open_database(house / "pichat.db") as store:
        return await DeviceNames(store).all()
