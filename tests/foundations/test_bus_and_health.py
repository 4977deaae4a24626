from __future__ import annotations

import asyncio

import pytest

from pichat.bus import Bus
from pichat.errors import BusyError, UnavailableError
from pichat.events import DeviceRemoved, PartHealth, VoiceChanged
from pichat.health import Health, keep_serving


async def test_a_subscription_hears_its_kinds_in_order() -> None:
    bus = Bus()
    with bus.subscribe(DeviceRemoved) as heard:
        bus.publish(DeviceRemoved(device_id="a"))
        bus.publish(VoiceChanged(state="listening"))
        bus.publish(DeviceRemoved(device_id="b"))
        assert [(await heard.get()).device_id, (await heard.get()).device_id] == ["a", "b"]
    bus.publish(DeviceRemoved(device_id="c"))


async def test_a_listener_that_lags_is_told() -> None:
    bus = Bus()
    with bus.subscribe(DeviceRemoved, maxsize=1) as heard:
        bus.publish(DeviceRemoved(device_id="a"))
        bus.publish(DeviceRemoved(device_id="b"))
        with pytest.raises(BusyError):
            await heard.get()


async def test_a_reader_that_gave_up_missed_nothing() -> None:
    bus = Bus()
    with bus.subscribe(DeviceRemoved) as heard:
        waiting = asyncio.create_task(heard.get())
        await asyncio.sleep(0)
        waiting.cancel()
        bus.publish(DeviceRemoved(device_id="a"))
        await asyncio.wait([waiting])
        later = asyncio.create_task(heard.get())
        assert (await later).device_id == "a"


async def test_who_subscribes_between_two_events_hears_the_second() -> None:
    bus = Bus()
    with bus.subscribe(DeviceRemoved) as first:
        bus.publish(DeviceRemoved(device_id="a"))
        with bus.subscribe(DeviceRemoved) as second:
            bus.publish(DeviceRemoved(device_id="b"))
            assert (await second.get()).device_id == "b"
        bus.publish(DeviceRemoved(device_id="c"))
        assert [(await first.get()).device_id for _ in range(3)] == ["a", "b", "c"]


async def test_health_publishes_only_changes_and_tells_the_worst() -> None:
    bus = Bus()
    health = Health(bus)
    with bus.subscribe(PartHealth) as heard:
        health.set("speaker", "ok")
        health.set("speaker", "ok")
        health.set("microphone", "degraded", "There is none.")
        health.set("voice", "off")
        assert [(await heard.get()).part for _ in range(3)] == ["speaker", "microphone", "voice"]
    assert health.overall() == "degraded"


async def test_an_optional_part_is_tried_for_ever_with_a_reason_and_growing_pauses() -> None:
    bus, tries = Bus(), []
    health = Health(bus)

    async def serve() -> None:
        tries.append(asyncio.get_running_loop().time())
        if len(tries) == 4:
            health.set("stick", "ok")
            await asyncio.Event().wait()
        raise UnavailableError("Not there.")

    with bus.subscribe(PartHealth) as heard:
        task = asyncio.create_task(
            keep_serving("stick", serve, health, first_pause_s=0.01, longest_pause_s=0.02)
        )
        first, second = await heard.get(), await heard.get()
        task.cancel()
        await asyncio.wait([task])
    assert (first.status, first.reason) == ("degraded", "Not there.")
    assert second.status == "ok"
    assert tries[1] - tries[0] < tries[2] - tries[1]


async def test_an_unexpected_error_degrades_without_leaking_its_text() -> None:
    bus = Bus()
    health = Health(bus)

    async def serve() -> None:
        raise ValueError("secret")

    with bus.subscribe(PartHealth) as heard:
        task = asyncio.create_task(keep_serving("stick", serve, health, first_pause_s=10))
        event = await heard.get()
        task.cancel()
        await asyncio.wait([task])
    assert event.reason
    assert "ValueError" in event.reason
    assert "secret" not in event.reason
