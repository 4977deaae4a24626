"""Keeping what is said: what a turn pays for it, and what reading it back takes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from pichat.bus import Bus
from pichat.health import Health
from pichat.llm.base import Message
from pichat.store.conversations import Conversations, open_conversations
from pichat.store.db import open_database
from pichat.store.messages import StoredMessage
from scripts.benches.figure import Figure, percentile

SAMPLES = 200
KEPT = 20_000  # messages, of a hundred conversations
HISTORY = 24


def _said(number: int) -> StoredMessage:
    message = Message(
        role="user" if number % 2 == 0 else "assistant",
        text=f"Sentence {number} about lamp{number % 50} in room{number % 7}, please.",
    )
    return StoredMessage.new(f"conversation-{number % 100}", f"turn-{number // 2}", message)


async def _each_ms(work: Callable[[int], Awaitable[object]], samples: int) -> list[float]:
    times_ms = []
    for number in range(samples):
        start_s = time.perf_counter()
        await work(number)
        times_ms.append((time.perf_counter() - start_s) * 1000)
    return times_ms


async def _later_ms(store: Conversations) -> list[float]:
    """What handing over costs; the disk has its turn in between, as it has in a house."""
    times_ms = []
    for number in range(SAMPLES):
        start_s = time.perf_counter()
        store.add_later(_said(number))
        times_ms.append((time.perf_counter() - start_s) * 1000)
        if number % 20 == 19:
            await store.flushed()
    return times_ms


async def _fill(store: Conversations) -> None:
    for begin in range(0, KEPT, 500):
        await store.add(*(_said(number) for number in range(begin, begin + 500)))


async def _run(path: Path) -> list[Figure]:
    async with (
        open_database(path) as database,
        open_conversations(database, Health(Bus())) as store,
    ):
        await _fill(store)
        later_ms = await _later_ms(store)
        kept_ms = await _each_ms(lambda number: store.add(_said(number)), SAMPLES)
        history_ms = await _each_ms(
            lambda number: store.history(f"conversation-{number % 100}", HISTORY), SAMPLES
        )
        search_ms = await _each_ms(
            lambda number: store.newest(query=f"lamp{number % 50} room{number % 7}"), 50
        )
    return [
        _figure("store.add_later", later_ms, "what a turn waits for"),
        _figure("store.add", kept_ms, "until it is on the disk"),
        _figure("store.history", history_ms, f"{HISTORY} messages, of {KEPT}"),
        _figure("store.search", search_ms, f"two words, in {KEPT} messages"),
    ]


def _figure(name: str, times_ms: list[float], note: str) -> Figure:
    return Figure(
        name=f"{name}_p95",
        value=percentile(times_ms, 95),
        unit="ms",
        samples=len(times_ms),
        note=f"{note}; p50 {percentile(times_ms, 50):.2f} ms",
    )


def run() -> list[Figure]:
    with TemporaryDirectory() as directory:
        return asyncio.run(_run(Path(directory) / "pichat.db"))
