"""The names of the house are followed, by text and by ear, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from msgspec import structs

from pichat.bus import Bus
from pichat.errors import UnavailableError
from pichat.events import Device, DeviceChanged, PartHealth
from pichat.health import Health
from pichat.stt.base import Recogniser
from pichat.turn.recognition import PART, Recognition, follow_names
from tests.support.fake_house import small_house
from tests.support.recogniser import KeptRecogniser

DEADLINE_S = 5
Opening = Callable[[], Recogniser]


class World:
    """A house whose devices can be renamed, and what has been learnt of it."""

    def __init__(self) -> None:
        self.bus = Bus()
        self.health = Health(self.bus)
        self.devices = list(small_house().devices())
        self.learnt: list[set[str]] = []
        self.refreshed = asyncio.Event()
        self.ready = False  # for a command, which must not have to wait for the new names
        self.refusal: UnavailableError | None = None

    def rename(self, name: str) -> None:
        self.devices[0] = structs.replace(self.devices[0], name=name)
        self.bus.publish(DeviceChanged(device=self.devices[0], changes={}))

    def report(self) -> None:
        self.bus.publish(DeviceChanged(device=self.devices[1], changes={"on_off": True}))

    def warm(self) -> None:
        self.ready = self.refreshed.is_set()

    def refresh(self) -> None:
        self.ready = False
        self.refreshed.set()

    async def prepare(self, devices: Sequence[Device]) -> Opening:
        self.learnt.append({device.name for device in devices})
        if self.refusal is not None:
            raise self.refusal
        return KeptRecogniser


@asynccontextmanager
async def following(
    world: World, hasten: Callable[[Sequence[Device]], Awaitable[Opening]] | None = None
) -> AsyncIterator[asyncio.Queue[Opening]]:
    """The recognition at work; what it takes up, each of which opens a recogniser."""
    taken: asyncio.Queue[Opening] = asyncio.Queue()
    recognition = Recognition(
        lambda: world.devices,
        world.prepare,
        taken.put_nowait,
        world.bus,
        world.health,
        *([hasten] if hasten else []),
    )
    task = asyncio.create_task(recognition.serve())
    try:
        async with asyncio.timeout(DEADLINE_S):
            yield taken
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_a_renamed_device_is_learnt_and_told_meanwhile() -> None:
    world = World()
    with world.bus.subscribe(PartHealth) as health:
        async with following(world) as taken:
            await taken.get()
            world.rename("lantern")
            await taken.get()
        told = [(await health.get()).status for _ in range(3)]
    assert told == ["ok", "degraded", "ok"]
    assert "lantern" in world.learnt[-1]
    assert world.health.parts()[PART].status == "ok"


async def test_states_alone_teach_nothing() -> None:
    world = World()
    async with following(world) as taken:
        await taken.get()
        for _ in range(1000):  # more than any queue holds
            world.report()
        world.rename("lantern")
        await taken.get()
    assert len(world.learnt) == 2


async def test_several_names_in_a_row_are_learnt_at_once() -> None:
    world = World()
    async with following(world) as taken:
        await taken.get()
        for name in ("lantern", "torch", "candle"):
            world.rename(name)
            await asyncio.sleep(0)
        await taken.get()
    assert len(world.learnt) == 2
    assert "candle" in world.learnt[-1]


async def test_the_intents_follow_at_once_and_through_any_flood() -> None:
    world = World()
    task = asyncio.create_task(follow_names(world, lambda: world.devices, world.bus))
    async with asyncio.timeout(DEADLINE_S):
        await world.refreshed.wait()
        for name in ("lantern", "torch"):
            world.refreshed.clear()
            for _ in range(1000):
                world.report()
            world.rename(name)
            await world.refreshed.wait()
            while not world.ready:  # noqa: ASYNC110
                await asyncio.sleep(0)
    assert not task.done()
    task.cancel()
    await asyncio.wait({task})


async def test_a_name_given_while_another_is_learnt_is_known_at_once() -> None:
    world, learnt = World(), threading.Event()

    class Slow:
        """Intents whose getting ready takes as long as the test."""

        def refresh(self) -> None:
            world.refresh()

        def warm(self) -> None:
            learnt.wait(DEADLINE_S)

    task = asyncio.create_task(follow_names(Slow(), lambda: world.devices, world.bus))
    try:
        async with asyncio.timeout(DEADLINE_S / 2):
            await world.refreshed.wait()
            world.refreshed.clear()
            world.rename("torch")
            await world.refreshed.wait()
    finally:
        learnt.set()
        task.cancel()
        await asyncio.wait({task})


async def test_a_few_new_names_are_known_before_the_whole_is_learnt_anew() -> None:
    world, hastened = World(), list[list[str]]()
    quick: Opening = KeptRecogniser

    async def hasten(fresh: Sequence[Device]) -> Opening:
        hastened.append([one.name for one in fresh])
        return lambda: quick()

    async with following(world, hasten) as taken:
        first = await taken.get()
        world.rename("lantern")
        assert await taken.get() is not first  # at once
        assert len(world.learnt) == 1
        world.devices[1] = structs.replace(world.devices[1], name="torch")
        world.rename("lantern")
        await taken.get()
        # What was learnt so far is still what was learnt as a whole.
        assert hastened == [["lantern"], ["lantern", "torch"]]
        while len(world.learnt) < 2:
            await taken.get()
        assert {"lantern", "torch"} <= world.learnt[-1]


async def test_names_that_cannot_be_learnt_quickly_are_learnt_all_the_same() -> None:
    world = World()

    async def hasten(_: Sequence[Device]) -> Opening:
        raise UnavailableError("It failed.")

    async with following(world, hasten) as taken:
        await taken.get()
        world.rename("lantern")
        await taken.get()
        assert "lantern" in world.learnt[-1]
