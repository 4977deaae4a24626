"""What definitions share: how they are found, states that end by themselves, polling, silence."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from pichat.errors import DeviceSilentError
from pichat.events import State
from pichat.zigbee.arrival.configure import configure
from pichat.zigbee.confirm import Confirmation
from pichat.zigbee.definition import Definition, define, find
from pichat.zigbee.groups.plan import member_of
from pichat.zigbee.local import Momentary
from pichat.zigbee.makers.aqara_struct import half_percents, tags_of
from pichat.zigbee.makers.ikea import firmware
from pichat.zigbee.makers.tuya_mcu import points_of
from pichat.zigbee.presence.attention import poll, resume
from tests.zigbee.makers.replay import COORDINATOR, Frame, Replay, Seen, device_of, load


@pytest.fixture
async def app() -> AsyncIterator[Replay]:
    made = Replay()
    yield made
    await made.shutdown(db=False)


def test_devices_are_found_by_what_they_tell_of_themselves() -> None:
    climate = find("_TZE200_bjawzodf", "TS0601")
    assert climate is not None
    assert climate.name == "Tuya temperature and humidity sensor"
    assert find("_TZE200_bjawzodf\0", "TS0601 ") is climate
    assert find("_TZE200_unheard0", "TS0601") is None
    assert find("whoever", "TS0044") is not None
    assert find("Philips", "TRADFRI motion sensor") is None
    assert find(None, None) is None


def test_a_second_definition_for_a_device_is_refused() -> None:
    with pytest.raises(TypeError, match="WB01 is defined twice"):
        define(
            Definition(
                name="again", models=frozenset({"WB01"}), manufacturers=frozenset({"eWeLink"})
            )
        )


def test_what_is_cut_off_or_unknown_is_left_out() -> None:
    whole = bytes.fromhex("01 21 9f 0b 64 29 b3 07")
    assert tags_of(whole) == {0x01: 2975, 0x64: 1971}
    assert tags_of(whole[:-1]) == {0x01: 2975}
    assert tags_of(b"\x01\xef\x00") == {}
    assert tags_of(7) == {}
    assert points_of(bytes.fromhex("00 01 03 02 00 04 ff ff ff f6")) == {3: -10}
    assert points_of(bytes.fromhex("00 01 03 02 00 04 ff")) == {}
    assert points_of(b"") == {}
    assert [half_percents(mv) for mv in (2700, 2850, 2925, 3000, 3200)] == [0, 0, 100, 200, 200]
    assert firmware("2.3.075") == (2, 3, 75)
    assert firmware("beta") == firmware(None) == ()


class Brief(Momentary):
    clear_s = 0.01


async def test_nobody_is_there_some_time_after_somebody_was(app: Replay) -> None:
    device = device_of(app, load("aqara_rtcgq11lm.yaml"))
    endpoint: Any = device.endpoints[1]
    endpoint.add_input_cluster(0x0406, Brief(endpoint, is_server=True))
    seen = Seen(app, device)
    cleared = asyncio.Event()

    def occupied() -> State:
        return seen.view.state["occupancy"]

    def updated(event: Any) -> None:
        if not event.value:
            cleared.set()

    endpoint.in_clusters[0x0406].on_event("attribute_updated", updated)
    seen.play([Frame(0x0406, "18 21 0a 00 00 18 01")])
    assert occupied() is True
    await asyncio.wait_for(cleared.wait(), 5)
    assert occupied() is False

    # What is remembered from before a start ends as well.
    endpoint.in_clusters[0x0406]._attr_cache.set_value(
        endpoint.in_clusters[0x0406].find_attribute("occupancy"), 1
    )
    seen.view.refit()
    assert occupied() is True
    cleared.clear()
    resume(seen.view)
    await asyncio.wait_for(cleared.wait(), 5)
    assert occupied() is False


async def test_a_plug_that_does_not_report_is_asked(app: Replay) -> None:
    fixture = load("tuya_ts011f.yaml")
    seen = Seen(app, device_of(app, fixture))
    view = seen.view
    await configure(view, COORDINATOR, anew=True)
    app.packets.clear()
    await poll(view)
    assert app.packets == []  # it is not there
    view.set_online(True)
    power = b"\x29" + (7).to_bytes(2, "little")
    app.known[1, 0x0B04][b"\x0b\x05"] = power
    await poll(view)
    assert view.state["power"] == 7.0
    assert {packet.cluster_id for packet in app.packets} == {0x0B04, 0x0702}


async def test_a_device_that_asks_for_the_time_is_told(app: Replay) -> None:
    seen = Seen(app, device_of(app, load("tuya_valve.yaml")))
    seen.play([Frame(0xEF00, "09 33 24 00 00")])
    await asyncio.wait_for(app.sending.wait(), 5)
    told = bytes.fromhex(app.sent(0xEF00)[0].replace("..", "00"))
    assert told[2:5] == b"\x24\x08\x00"
    now_s, local_s = int.from_bytes(told[5:9], "big"), int.from_bytes(told[9:13], "big")
    assert abs(now_s - time.time()) < 30
    assert (local_s - now_s) % 900 == 0


async def test_done_is_said_only_when_the_device_said_so(app: Replay) -> None:
    """A curtain acknowledges, repeats what was asked, and does not move; then it is gone."""
    seen = Seen(app, device_of(app, load("tuya_curtain.yaml")))
    await configure(seen.view, COORDINATOR, anew=True)
    seen.play([Frame(0xEF00, "09 01 02 00 01 03 02 00 04 00 00 00 0a")])
    assert seen.view.state["cover_position"] == 10
    app.after = [Frame(0xEF00, "09 02 01 00 02 02 02 00 04 00 00 00 46")]
    feature = seen.view.features["cover_position"]
    moving = asyncio.create_task(Confirmation(seen.view, feature, 0.2).run(70))
    await asyncio.wait([moving], timeout=0.6)
    assert not moving.done()
    assert seen.view.state["cover_position"] == 10
    moving.cancel()
    app.mute = True
    with pytest.raises(DeviceSilentError):
        await Confirmation(seen.view, feature, 0.2).run(70)


async def test_who_speaks_otherwise_takes_no_part_in_a_group(app: Replay) -> None:
    seen = Seen(app, device_of(app, load("tuya_curtain.yaml")))
    assert seen.view.reach(1, 0x0004) is not None  # it lists the cluster of groups
    assert member_of(seen.view, seen.view.features["cover_position"]) is None


async def test_preparing_is_tried_again_when_nobody_answers(app: Replay) -> None:
    seen = Seen(app, device_of(app, load("aqara_wxcjkg13lm.yaml")))
    app.mute = True
    assert not await configure(seen.view, COORDINATOR, anew=True)
    app.mute = False
    assert await configure(seen.view, COORDINATOR, anew=True)
    assert app.sent(0xFCC0) == ["04 5f 11 .. 02 09 00 20 01"]
