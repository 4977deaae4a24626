"""Single devices for the experienced: attributes, commands, bindings, reports, letting go."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pichat.errors import (
    BadRequestError,
    DeviceSilentError,
    NotFoundError,
    UnsupportedError,
)
from pichat.events import DeviceRemoved
from pichat.zigbee.care.care import Care
from pichat.zigbee.care.types import AttributeValue, CommandReply
from tests.zigbee.simulated import house


async def test_attributes_and_commands(known: Path) -> None:
    async with house(known) as (running, sim):
        care, light = running.parts.care, "kitchen light"
        (model,) = await care.read_attributes(light, "basic", "model")
        assert (model.type, model.attribute_id, model.cluster_id) == ("string", 5, 0)
        assert model.value == running.device(light).model
        (power,) = await care.read_attributes(light, 0, "0x0007")
        assert (power.attribute, power.value, power.meaning) == (
            "power_source",
            1,
            "mains single phase",
        )
        everything = await care.read_attributes(light, "Basic", None)
        assert {"model", "manufacturer", "zcl_version"} <= {each.attribute for each in everything}

        await sim.set("kitchen-light", on=True)
        (on,) = await care.read_attributes(light, "on_off", "on_off", endpoint=1)
        assert on.value is True
        assert running.device(light).state["on_off"] is True

        written = await _write(care, light, "basic", "location_desc", "by the window")
        assert written.value == "by the window"
        with pytest.raises(UnsupportedError, match="refused: read only"):
            await _write(care, light, "basic", "model", "other")
        with pytest.raises(BadRequestError, match="'bright' is no"):
            await _write(care, light, "identify", "identify_time", "bright")
        with pytest.raises(UnsupportedError, match="did not tell its 0x7777: unsupported"):
            await care.read_attributes(light, "basic", 0x7777)
        with pytest.raises(UnsupportedError, match="no door_lock cluster"):
            await care.read_attributes(light, "door_lock", 0)
        with pytest.raises(NotFoundError, match="“colour of hat”"):
            await care.read_attributes(light, "basic", "colour of hat")

        await _send(care, light, "on_off", "off")
        assert (await sim.values("kitchen-light"))["on"] is False
        moved = {"level": 100, "transition_time": 0}
        told = await _send(care, light, "level", "move_to_level_with_on_off", **moved)
        assert told.reply["status"] == "success"
        assert (await sim.values("kitchen-light"))["on"] is True
        raw = await care.send_command(
            light, 6, 0, {}, payload="", endpoint=None, manufacturer_code=None
        )
        assert raw.command == "off"
        assert (await sim.values("kitchen-light"))["on"] is False
        with pytest.raises(BadRequestError, match="takes level, transition_time"):
            await _send(care, light, "level", "move_to_level", brightness=3)
        with pytest.raises(UnsupportedError, match="Codes of a lock"):
            await _send(care, "front door lock", "door_lock", "get_pin_code", user_id=1)


async def test_bindings_reports_and_identify(known: Path) -> None:
    async with house(known) as (running, sim):
        care, plug = running.parts.care, "office plug"
        coordinator = care.network().coordinator_id
        before = (await care.bindings(plug)).bindings
        assert {(each.cluster, each.target_name) for each in before} >= {("on_off", "coordinator")}
        assert len(before) == len((await sim.get("office-plug"))["bindings"])
        bound = await care.bind(plug, "on_off", 7, endpoint=None)
        assert 7 in [each.group for each in bound.bindings]
        unbound = await care.unbind(plug, 6, 7, endpoint=None)
        assert unbound.bindings == before
        with pytest.raises(UnsupportedError, match="refused: no entry"):
            await care.unbind(plug, 6, 7, endpoint=None)
        with pytest.raises(UnsupportedError, match="listens to no on_off"):
            await care.bind(plug, 6, "kitchen light", endpoint=None)
        assert coordinator in [each.target_id for each in before]

        told = await care.reporting(plug, "on_off", "on_off")
        assert (told.type, told.change) == ("bool", None)
        assert told.max_interval_s is not None
        changed = await care.configure_reporting(
            plug,
            "electrical_measurement",
            "active_power",
            min_interval_s=5,
            max_interval_s=300,
            change=10,
            endpoint=None,
        )
        assert (changed.min_interval_s, changed.max_interval_s, changed.change) == (5, 300, 10.0)
        with pytest.raises(BadRequestError, match="longer than the longest"):
            await care.configure_reporting(
                plug, 6, 0, min_interval_s=9, max_interval_s=3, change=None, endpoint=None
            )

        assert await care.identify("kitchen light", 5) == "kitchen light"
        (left,) = await care.read_attributes("kitchen light", "identify", "identify_time")
        assert left.value == 5
        with pytest.raises(BadRequestError):
            await care.identify("kitchen light", 4000)


async def test_letting_go(known: Path) -> None:
    async with house(known) as (running, sim):
        care = running.parts.care
        plug, light = running.device("office plug"), running.device("hallway light")
        with running.bus.subscribe(DeviceRemoved) as gone:
            assert (await care.remove(plug.id, force=False)).left is True
            assert (await gone.get()).device_id == plug.id
            async with asyncio.timeout(2):  # it answers, and then it goes
                while (await sim.get("office-plug"))["joined"]:
                    continue

            await sim.device("hallway-light", deaf=True)
            with pytest.raises(DeviceSilentError, match="by force"):
                await care.remove(light.id, force=False)
            assert light.id in [each.id for each in running.hub.devices()]
            removed = await care.remove(light.id, force=True)
            assert removed.left is False
            assert (await gone.get()).device_id == light.id
        ids = [each.id for each in running.hub.devices()]
        assert not {plug.id, light.id} & set(ids)
        with pytest.raises(NotFoundError):
            await care.remove(light.id, force=True)
        with pytest.raises(BadRequestError, match="stick"):
            await care.remove("coordinator", force=True)
    async with house(known) as (running, _):
        assert [each.id for each in running.hub.devices()] == ids


async def _write(
    care: Care, device: str, cluster: str, attribute: str, value: str
) -> AttributeValue:
    return await care.write_attribute(
        device, cluster, attribute, value, endpoint=None, manufacturer_code=None, type_=None
    )


async def _send(
    care: Care, device: str, cluster: str, command: str, **arguments: int
) -> CommandReply:
    return await care.send_command(
        device, cluster, command, arguments, payload=None, endpoint=None, manufacturer_code=None
    )
