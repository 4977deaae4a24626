"""The one way to hear of what happens: publish and subscribe, inside one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from pichat.errors import BusyError
from pichat.events import Event

E = TypeVar("E")


class Subscription(Generic[E]):
    """An async iterator of events, in order. A subscriber that lags behind by more than its
    queue gets `BusyError` at its next turn instead of a silent gap."""

    def __init__(self, kinds: tuple[type[E], ...], maxsize: int) -> None:
        self.kinds = kinds
        self._queue: asyncio.Queue[E] = asyncio.Queue(maxsize)
        self._lagged = False

    def offer(self, event: E) -> None:
        try:
            self._queue.put_nowait(event)
        except asyncio.QueueFull:
            self._lagged = True

    async def get(self) -> E:
        """The next event. Raises BusyError when events were missed."""
        if self._lagged:
            raise BusyError("Too many events came too fast for this listener.")
        return await self._queue.get()

    async def __aiter__(self) -> AsyncIterator[E]:
        while True:
            yield await self.get()


class Bus:
    """Delivers each published event to every subscription of its type."""

    def __init__(self) -> None:
        self._subscriptions: list[Subscription[Event]] = []

    def publish(self, event: Event) -> None:
        """Never blocks. Call it on the event loop's thread only."""
        for subscription in self._subscriptions:
            if isinstance(event, subscription.kinds):
                subscription.offer(event)

    @contextmanager
    def subscribe(self, *kinds: type[E], maxsize: int = 256) -> Iterator[Subscription[E]]:
        """Hear events of `kinds` for as long as the context lasts."""
        subscription = Subscription(kinds, maxsize)
        self._subscriptions.append(subscription)  # type: ignore[arg-type]
        try:
            yield subscription
        finally:
            self._subscriptions.remove(subscription)  # type: ignore[arg-type]
