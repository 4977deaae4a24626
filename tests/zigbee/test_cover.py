"""Which groups reach exactly those who are meant, and who is next on the air."""

from __future__ import annotations

import asyncio

import pytest

from pichat.errors import BusyError
from pichat.zigbee.groups.cover import cover
from pichat.zigbee.groups.membership import KeptGroup
from pichat.zigbee.slots import MOST_WAITING, Slots


def test_cover() -> None:
    a, b, c, d, e, f = (("device", number) for number in range(6))
    house = KeptGroup(1, frozenset((a, b, c, d, e, f)), frozenset((a, b, c, d, e)))
    room = KeptGroup(2, frozenset((a, b, c)), frozenset((a, b, c)))
    rest = KeptGroup(3, frozenset((d, e, f)), frozenset((d, e, f)))
    groups = [room, house, rest]
    assert cover(frozenset((a, b, c, d, e, f)), groups) == [(1, frozenset((a, b, c, d, e)))]
    assert cover(frozenset((a, b, c, d)), groups) == [(2, frozenset((a, b, c)))]
    # Whoever may be in a group although he should not be keeps it from being used.
    assert cover(frozenset((a, b, c, d, e)), groups) == [(2, frozenset((a, b, c)))]
    assert cover(frozenset((a, b)), groups) == []


async def test_people_come_first_and_the_silent_last() -> None:
    slots = Slots(prompt=3, slow=1)
    first = [await slots.take(urgent=True, doubtful=False) for _ in range(3)]
    order: list[str] = []

    async def wait(name: str, *, urgent: bool, doubtful: bool = False) -> None:
        turn = await slots.take(urgent=urgent, doubtful=doubtful)
        order.append(name)
        slots.end(turn)

    tasks = [asyncio.create_task(wait("background", urgent=False))]
    await asyncio.sleep(0)
    tasks += [asyncio.create_task(wait(f"person {n}", urgent=True)) for n in (1, 2)]
    # A device that keeps silent has places of its own.
    tasks.append(asyncio.create_task(wait("silent", urgent=True, doubtful=True)))
    await asyncio.sleep(0)
    assert order == ["silent"]
    slots.end(first[0])
    await asyncio.wait(tasks[1:])
    # Two places stay free for people.
    assert order == ["silent", "person 1", "person 2"]
    slots.end(first[1])
    slots.end(first[2])
    await asyncio.wait(tasks)
    assert order[-1] == "background"


async def test_who_takes_long_moves_aside() -> None:
    slots = Slots(prompt=1, slow=1)
    turn = await slots.take(urgent=True, doubtful=False)
    with slots.timed(turn):
        async with asyncio.timeout(2):  # long before that device has had its time
            other = await slots.take(urgent=True, doubtful=False)
        assert turn.slow
    slots.end(other)


async def test_too_many_wait() -> None:
    slots = Slots(prompt=0, slow=0)
    waiting = [
        asyncio.create_task(slots.take(urgent=True, doubtful=False)) for _ in range(MOST_WAITING)
    ]
    await asyncio.sleep(0)
    with pytest.raises(BusyError):
        await slots.take(urgent=True, doubtful=False)
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)
    # Nobody who went away keeps a place.
    assert not any(task.exception() for task in waiting if not task.cancelled())
