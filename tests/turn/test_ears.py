"""The listening thread when it cannot keep up."""

from __future__ import annotations

import asyncio
import threading

from pichat.audio.base import Frame
from pichat.turn.ears import Ears
from pichat.turn.listener import Listener
from tests.turn.script import scripted_listener, sound


async def test_a_full_queue_drops_the_oldest_sound_and_no_command() -> None:
    ready = asyncio.Event()
    ears = Ears(scripted_listener, lambda _event, _at_s: None, ready.set, longest_frames=10)
    serving = asyncio.create_task(ears.serve())
    await ready.wait()
    busy, release = threading.Event(), threading.Event()
    done: list[str] = []

    def block(_listener: Listener) -> None:
        busy.set()
        release.wait(5)

    ears.tell(block)
    await asyncio.to_thread(busy.wait, 5)
    ears.tell(lambda _listener: done.append("command"))
    for pcm in sound("...."):  # 20 blocks
        ears.put(Frame(pcm, 0.0))
    assert ears.dropped_frames == 11
    release.set()
    async with asyncio.timeout(5):
        await ears.put_and_wait(Frame(sound(".")[0], 0.0))
    assert done == ["command"]
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


async def test_a_thread_that_hung_hears_nothing_of_what_comes_after() -> None:
    made: list[Listener] = []

    def make() -> Listener:
        made.append(scripted_listener())
        return made[-1]

    ready = asyncio.Event()
    ears = Ears(make, lambda _event, _at_s: None, ready.set, join_s=0.05)
    busy, release, over = threading.Event(), threading.Event(), threading.Event()

    def hang(_listener: Listener) -> None:
        busy.set()
        release.wait(5)

    serving = asyncio.create_task(ears.serve())
    await ready.wait()
    (hung,) = (each for each in threading.enumerate() if each.name == "listening")
    ears.tell(hang)
    await asyncio.to_thread(busy.wait, 5)
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    ready.clear()
    serving = asyncio.create_task(ears.serve())
    await ready.wait()
    release.set()
    await asyncio.to_thread(hung.join, 5)
    assert not hung.is_alive()
    told: list[Listener] = []

    def last(listener: Listener) -> None:
        told.append(listener)
        over.set()

    ears.tell(last)
    await asyncio.to_thread(over.wait, 5)
    assert told == [made[1]]
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
