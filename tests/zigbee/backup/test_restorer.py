"""Bringing a backup back while the hub runs, also when it refuses the stick that is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from pichat.zigbee.backup.open_coordinator import decode
from tests.zigbee.simulated import HOUSE, house

KITCHEN, HALLWAY = (HOUSE.devices[number].ieee for number in (0, 3))


async def test_a_running_house_goes_back_to_its_backup(known: Path) -> None:
    async with house(known) as (running, sim):
        backups = running.parts.backups
        made = await backups.create()
        assert (made.devices, made.complete, made.problem) == (len(HOUSE.devices), True, None)
        await running.hub.rename(HALLWAY, "wrong name", "Nowhere")
        content = await backups.read(made.name)
        told = await backups.plan(content, made.name)
        assert told.stick is not None
        assert (told.stick.holds, told.forgotten) == ("the same network", 0)
        assert running.parts.link.session is not None  # nothing was interrupted for that
        restored = await backups.restore(content, made.name, allow_new_eui64=False)
        assert restored.new_address is False
        await running.until(lambda: len(running.hub.devices()) == len(HOUSE.devices))
        assert running.device("hallway light").area == "Hallway"
        await running.until_status("ok")
        assert await running.hub.set(KITCHEN, "on_off", True) is True
        assert (await sim.values("kitchen-light"))["on"] is True
        # What was there before can be had back as well.
        newest, *_ = await backups.list()
        before = decode(await backups.read(newest.name), "it")
        assert before.house["devices"][HALLWAY]["name"] == "wrong name"


@pytest.mark.long
async def test_a_stick_that_is_refused_is_given_the_network(known: Path) -> None:
    async with house(known) as (running, sim):
        backups = running.parts.backups
        made = await backups.create()
        content = await backups.read(made.name)
        swapped = await sim.request("swap", stick="spare", network="none")
        part = await running.until_status("degraded")
        while running.parts.life.refusal is None:
            part = await running.conditions.get()
        assert part.reason is not None
        told = await backups.plan(content, made.name)
        assert told.stick is not None
        assert (told.stick.coordinator_id, told.stick.holds) == (swapped["eui64"], "nothing")
        await backups.restore(content, made.name, allow_new_eui64=False)
        await running.until_status("ok")
        await running.until(lambda: len(running.hub.devices()) == len(HOUSE.devices))
        assert await running.hub.set(KITCHEN, "on_off", True) is True
        assert (await sim.values("kitchen-light"))["on"] is True
