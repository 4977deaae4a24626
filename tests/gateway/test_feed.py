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

    def __init__(self, behind: bool = False) -> None:
        self.behind = behind
        self.caller: Caller | None = None
        self.frames: list[bytes] = []
        self.resynced = asyncio.Event()

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


class Order:
    """What several listeners remember together."""

    def __init__(self) -> None:
        self.told: list[tuple[str, bytes]] = []
        self.begun, self.complete = asyncio.Event(), asyncio.Event()


class Named(Ear):
    def __init__(self, name: str, order: Order, most: int, behind: bool = False) -> None:
        super().__init__(behind)
        self.name, self.order, self.most = name, order, most

    def post(self, frame: bytes) -> None:
        self.order.told.append((self.name, frame))
        self.order.begun.set()
        if len(self.order.told) == self.most:
            self.order.complete.set()


async def test_who_keeps_up_hears_first_and_the_same_frame() -> None:
    bus, order = Bus(), Order()
    feed = Feed(bus, lambda _: None, Screens(bus))
    running = asyncio.create_task(feed.run())
    await asyncio.sleep(0)
    for name, behind in (("slow", True), ("one", False), ("two", False)):
        feed.join(Named(name, order, 3, behind), "r1", frozenset({"devices"}))
    bus.publish(DeviceRemoved(device_id="a"))
    async with asyncio.timeout(DEADLINE_S):
        await order.complete.wait()
    assert [name for name, _ in order.told] == ["one", "two", "slow"]
    assert order.told[0][1] is order.told[1][1]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_between_many_listeners_others_have_their_turn() -> None:
    bus, order = Bus(), Order()
    feed = Feed(bus, lambda _: None, Screens(bus))
    running = asyncio.create_task(feed.run())
    await asyncio.sleep(0)
    ears = [Named(str(number), order, 349, False) for number in range(350)]
    for ear in ears:
        feed.join(ear, "r1", frozenset({"devices"}))
    bus.publish(DeviceRemoved(device_id="a"))
    async with asyncio.timeout(DEADLINE_S):
        await order.begun.wait()
        assert len(order.told) < len(ears)
        feed.leave(ears[-1])  # it has not been told yet, and does not want to be any more
        await order.complete.wait()
    assert [name for name, _ in order.told] == [ear.name for ear in ears[:-1]]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
