import asyncio

from pichat.bus import Bus
from pichat.events import DeviceRemoved, Event
from pichat.gateway.door.caller import Caller
from pichat.gateway.feed import Feed
from pichat.gateway.screens import Screens
from tests.gateway.screen import DEADLINE_S


class Ear:
    """A listener that only remembers."""

    id = "ear"

    def __init__(self) -> None:
        self.caller: Caller | None = None
        self.frames: list[bytes] = []
        self.resynced = asyncio.Event()

    behind = False

    def post(self, frame: bytes) -> None:
        self.frames.append(frame)

    def resync(self) -> None:
        self.resynced.set()


async def test_an_event_that_fails_does_not_end_the_feed() -> None:
    bus, seen = Bus(), asyncio.Event()

    def observe(event: Event) -> None:
        if event == DeviceRemoved(device_id="bad"):
            raise RuntimeError("a defect")
        seen.set()

    feed, ear, later = Feed(bus, observe, Screens(bus)), Ear(), Ear()
    running = asyncio.create_task(feed.run())
    await asyncio.sleep(0)
    feed.join(ear, "r1", frozenset({"devices"}))
    bus.publish(DeviceRemoved(device_id="bad"))
    async with asyncio.timeout(DEADLINE_S):
        await ear.resynced.wait()
        await asyncio.sleep(0)
        feed.join(later, "r2", frozenset({"devices"}))
        bus.publish(DeviceRemoved(device_id="good"))
        await seen.wait()
    assert ear.frames == []
    assert b'"good"' in later.frames[0]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
