"""Other hubs' installations: brought here, on a stick that holds no network, without pairing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from pichat.errors import BadRequestError, NotFoundError
from pichat.store.db import open_database
from pichat.store.groups import OwnersGroups
from pichat.zigbee.backup.open_coordinator import decode, encode
from pichat.zigbee.backup.recognise import read_installation
from tests.zigbee.backup.hubs import Stick, plugged_in
from tests.zigbee.backup.installations import (
    coordinator_backup,
    database_lines,
    forget_hub,
    swap_stick,
    write_lines,
    zha,
    zigbee2mqtt,
)
from tests.zigbee.simulated import HOUSE

LIGHT, LAMP, PLUG, SENSOR = (HOUSE.devices[number].ieee for number in (0, 2, 4, 5))
NAMES = {LIGHT: "kitchen/ceiling_light", LAMP: "reading lamp", PLUG: "Büro/Steckdose"}
ROOMS = {LIGHT: ("Ceiling light", "Kitchen"), LAMP: ("Reading lamp", "Living Room")}


@pytest.fixture
def z2m(known: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    zigbee2mqtt(known, folder, NAMES, group=(LIGHT, LAMP))
    return folder


async def brought(stick: Stick, folder: Path) -> None:
    """Import it as the command does."""
    found = await read_installation(folder)
    restored = await stick.restore(decode(encode(found.backup), "it"))
    assert (restored.devices, restored.new_address) == (len(HOUSE.devices), False)


async def test_a_house_moves_in_from_zigbee2mqtt(known: Path, z2m: Path) -> None:
    forget_hub(known)
    swap_stick(known)
    async with plugged_in(known) as stick:
        await brought(stick, z2m)
        async with stick.hub() as running:
            light = running.device("ceiling light")
            assert (light.id, light.area) == (LIGHT, "Kitchen")
            assert running.device("steckdose").area == "Büro"
            assert len(running.hub.devices()) == len(HOUSE.devices)
            assert await running.hub.set(LIGHT, "on_off", True) is True
            assert (await stick.sim.values("kitchen-light"))["on"] is True
            # What zigbee2mqtt did not write down is asked in the background.
            await running.until(
                lambda: running.device("ceiling light").capability("colour_temperature") is not None
            )
            sensor = next(d for d in running.hub.devices() if d.id == SENSOR)
            assert (sensor.kind, sensor.sleepy, sensor.area) == ("sensor", True, None)
        async with open_database(known / "pichat.db") as store:
            [group] = await OwnersGroups(store).all()
        assert (group.name, group.device_ids) == ("evening lights", (LIGHT, LAMP))


@pytest.mark.parametrize(
    "version",
    [pytest.param(5, marks=pytest.mark.long), 10, pytest.param(16, marks=pytest.mark.long)],
)
async def test_a_house_moves_in_from_zha(known: Path, tmp_path: Path, version: int) -> None:
    folder = tmp_path / "homeassistant"
    zha(known, folder, ROOMS, version)
    original = (folder / "zigbee.db").read_bytes()
    has_network = version >= 10
    forget_hub(known)
    if has_network:
        swap_stick(known)  # else only the old stick knows the network
    async with plugged_in(known) as stick:
        await brought(stick, folder)
        async with stick.hub() as running:
            lamp = running.device("reading lamp")
            assert (lamp.id, lamp.area) == (LAMP, "Living Room")
            assert len(running.hub.devices()) == len(HOUSE.devices)
            assert await running.hub.set(LAMP, "on_off", True) is True
    assert (folder / "zigbee.db").read_bytes() == original


async def test_without_a_network_the_old_stick_is_needed(known: Path, tmp_path: Path) -> None:
    zha(known, tmp_path / "ha", ROOMS, 5)
    found = await read_installation(tmp_path / "ha")
    assert found.backup.network is None
    assert any("holds no network settings" in problem for problem in found.problems)
    before = (known / "zigbee.db").read_bytes()
    swap_stick(known)
    async with plugged_in(known) as stick:
        with pytest.raises(BadRequestError, match="Plug in the stick that was used before"):
            await stick.restore(found.backup)
    assert (known / "zigbee.db").read_bytes() == before


async def test_what_cannot_be_brought_is_told(known: Path, z2m: Path) -> None:
    lines = database_lines(known)
    common: dict[str, Any] = {"type": "EndDevice", "endpoints": {}, "interviewCompleted": False}
    lines += [
        common | {"ieeeAddr": "0x00158d0000000001", "nwkAddr": 4711},
        common | {"ieeeAddr": "0x00158d0000000002", "nwkAddr": None},
        {"type": "GreenPower", "ieeeAddr": "0x0000000001719abc", "nwkAddr": 0x9ABC},
    ]
    write_lines(z2m, lines)
    (z2m / "coordinator_backup.json").unlink()
    found = await read_installation(z2m)
    assert len(found.devices) == len(HOUSE.devices) + 1
    told = "\n".join(found.problems)
    for part in (
        "There is no coordinator_backup.json",
        "0x00158d0000000001 was never fully interviewed",
        "0x00158d0000000002 has no usable address",
        "0x0000000001719abc is a Green Power device",
    ):
        assert part in told
    # A name that a room has twice is told apart.
    (z2m / "devices.yaml").write_text(
        f'"0x{LIGHT.replace(":", "")}": {{friendly_name: lamp_1}}\n'
        f"0x{LAMP.replace(':', '')}: {{friendly_name: lamp 1}}\n"
    )
    named = {device.id: device.name for device in (await read_installation(z2m)).devices}
    assert (named[LIGHT], named[LAMP]) == ("lamp 1", "lamp 1 2")


async def test_it_is_recognised_however_it_is_pointed_at(
    known: Path, z2m: Path, tmp_path: Path
) -> None:
    archive = Path(shutil.make_archive(str(tmp_path / "z2m-backup"), "zip", z2m))
    (tmp_path / "etc").mkdir()
    for path in (z2m.parent, z2m / "database.db", z2m / "coordinator_backup.json", archive):
        found = await read_installation(path)
        assert (found.hub, len(found.devices)) == ("zigbee2mqtt", len(HOUSE.devices))
    alone = tmp_path / "network.json"
    alone.write_text(json.dumps(coordinator_backup(known)))
    found = await read_installation(alone)
    assert (found.hub, found.devices) == ("zigbee-herdsman@2.1.4", ())
    with pytest.raises(BadRequestError, match="no installation that PiChat knows"):
        await read_installation(tmp_path / "etc")
    with pytest.raises(NotFoundError):
        await read_installation(tmp_path / "nowhere")


async def test_damaged_files_are_sentences(known: Path, z2m: Path, tmp_path: Path) -> None:
    database = z2m / "database.db"
    database.write_bytes(database.read_bytes()[:-40])
    with pytest.raises(BadRequestError, match=r"Line 13 of .*database\.db is damaged"):
        await read_installation(z2m)
    (z2m / "coordinator_backup.json").write_text('{"adapterType": "zStack", "data": {}}')
    with pytest.raises(BadRequestError, match="of the format before 2021"):
        await read_installation(z2m)
    zha(known, tmp_path / "ha", ROOMS, 16)
    whole = (tmp_path / "ha" / "zigbee.db").read_bytes()
    for content, sentence in (
        (whole[: len(whole) // 2], "damaged"),
        (b"no database at all", "damaged or no database of ZHA"),
        (b"", "no database of ZHA: it has no devices"),
        # user_version stands at byte 60.
        (whole[:60] + (99).to_bytes(4) + whole[64:], "written by a newer ZHA"),
    ):
        (tmp_path / "ha" / "zigbee.db").write_bytes(content)
        with pytest.raises(BadRequestError, match=sentence):
            await read_installation(tmp_path / "ha")
    (tmp_path / "ha" / "zigbee.db").write_bytes(whole)
    (tmp_path / "ha" / ".storage" / "core.device_registry").write_text("{")
    with pytest.raises(BadRequestError, match=r"core\.device_registry is damaged"):
        await read_installation(tmp_path / "ha")
