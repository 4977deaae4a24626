"""Firmware of the simulated lights, which fetch it block by block."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path

import pytest
from msgspec import structs

from pichat.bus import Subscription
from pichat.config.types import Zigbee
from pichat.errors import BadRequestError, BusyError, NotFoundError, UnsupportedError
from pichat.events import NetworkProgress
from pichat.zigbee.care.images import Images, given, read_index
from tests.zigbee.firmware_image import MAKER, TYPE, firmware_image
from tests.zigbee.running import DEADLINE_S
from tests.zigbee.simulated import house

NEW = 0x01000005


async def _end(progress: Subscription[NetworkProgress]) -> list[NetworkProgress]:
    told: list[NetworkProgress] = []
    async with asyncio.timeout(DEADLINE_S):
        while not told or not told[-1].done:
            told.append(await progress.get())
    return told


async def test_a_light_is_updated_and_says_so(known: Path) -> None:
    async with house(known) as (running, sim):
        care, light = running.parts.care, running.device("kitchen light")
        state = await care.firmware("kitchen light")
        assert (state.version, state.images, state.problem) == (0x01000000, (), None)
        with pytest.raises(NotFoundError, match="no newer firmware"):
            await care.update_firmware(light.id, None)
        with pytest.raises(UnsupportedError, match="takes no firmware"):
            await care.firmware("office plug")

        with running.bus.subscribe(NetworkProgress) as progress:
            image = await care.offer_firmware(firmware_image(NEW, size=2000))
            await care.update_firmware(light.id, image)
            with pytest.raises(BusyError):
                await care.update_firmware(light.id, None)
            # The radio serves others, and the light itself, meanwhile.
            bedroom = running.device("bedroom light")
            assert await running.hub.set(bedroom.id, "on_off", True) is True
            assert await running.hub.set(light.id, "on_off", True) is True
            assert (await care.firmware(light.id)).updating_percent is not None
            told = await _end(progress)
        assert told[-1].error is None
        percents = [each.percent or 0.0 for each in told]
        assert percents == sorted(percents)
        assert len(percents) > 5
        assert {each.device_id for each in told} == {light.id}
        assert (await care.firmware(light.id)).version == NEW
        assert (await sim.values("kitchen-light"))["firmware"] == NEW
        assert await running.hub.set(light.id, "on_off", False) is False

        with running.bus.subscribe(NetworkProgress) as progress:
            damaged = await care.offer_firmware(firmware_image(NEW + 1, tag=3))
            await care.update_firmware(light.id, damaged)
            assert (await _end(progress))[-1].error == (
                "The kitchen light says that the image is damaged, and keeps its firmware."
            )
        assert (await care.firmware(light.id)).version == NEW

        for image_file, why in (
            (firmware_image(NEW), "has 0x01000005 already"),
            (firmware_image(NEW + 1, maker=0x117C), "is for maker 0x117c"),
            (firmware_image(NEW + 1, image_type=9), "type 0x0009"),
        ):
            refused = await care.offer_firmware(image_file)
            with pytest.raises(BadRequestError, match=why):
                await care.update_firmware(light.id, refused)
        with pytest.raises(BadRequestError, match="no Zigbee firmware image"):
            await care.offer_firmware(b"MZ")


async def test_images_of_a_folder_and_an_index(tmp_path: Path) -> None:
    data = firmware_image(NEW)
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / "light.ota").write_bytes(data)
    (folder / "notes.txt").write_text("no image")
    digest = hashlib.sha512(data).hexdigest()
    entry = {
        "fileVersion": NEW,
        "manufacturerCode": MAKER,
        "imageType": TYPE,
        "fileSize": len(data),
        "sha512": digest,
        "path": "images/light.ota",
        "modelId": "SIM-LIGHT-3",
        "maxFileVersion": 0x01000004,
    }
    index = tmp_path / "index.json"
    index.write_text(json.dumps([entry, {"nonsense": 1}]))
    images = Images(folder, str(index))
    of_folder, of_index = await images.all()
    assert (of_folder.source, of_folder.file_version) == ("light.ota", NEW)
    assert (of_index.models, of_index.from_versions) == (("SIM-LIGHT-3",), (None, 0x01000004))
    for one in (of_folder, of_index):
        assert (await images.load(one)).header.file_version == NEW

    with pytest.raises(BadRequestError, match="checksum"):
        await images.load(structs.replace(of_index, checksum="sha512:00"))
    with pytest.raises(BadRequestError, match="bytes, not 5"):
        await images.load(structs.replace(of_index, size_bytes=5))
    with pytest.raises(BadRequestError, match="another one than its index says"):
        await images.load(structs.replace(of_index, file_version=9))
    zigpy = {
        "firmwares": [
            {
                "file_version": NEW,
                "manufacturer_id": MAKER,
                "image_type": TYPE,
                "file_size": len(data),
                "checksum": f"sha512:{digest}",
                "binary_url": "http://images/light.ota",
            }
        ]
    }
    (found,) = read_index(json.dumps(zigpy).encode(), "http://images/index.json")
    assert (found.where, found.checksum) == ("http://images/light.ota", f"sha512:{digest}")
    assert given(data).file_version == NEW
    assert (Zigbee().firmware_folder, Zigbee().firmware_index) == (None, None)
