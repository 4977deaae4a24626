"""The one way to hear of what happens: publish and subscribe, inside one event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from pichat.errors import BusyError
from pichat.events import Event

E = TypeVar("E")


class Subscription(Generic[E]):
    """An async iterator of events, in order, for one reader. A subscriber that lags behind by more
    than its queue gets `BusyError` at its next turn instead of a silent gap."""

    def __init__(self, kinds: tuple[type[E], ...], maxsize: int) -> None:
        self.kinds = kinds
        self._maxsize = maxsize
        self._events: deque[E] = deque()
        self._reader: asyncio.Future[None] | None = None  # while it waits
        self._lagged = False

    def offer(self, event: E) -> None:
        if len(self._events) >= self._maxsize:
            self._lagged = True
            return
        self._events.append(event)
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    async def get(self) -> E:
        """The next event. Raises BusyError when events were missed."""
        while True:
            if self._lagged:
                raise BusyError("Too many events came too fast for this listener.")
            if self._events:
                return self._events.popleft()
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None

    async def __aiter__(self) -> AsyncIterator[E]:
        while True:
            yield await self.get()


class Bus:
    """Delivers each published event to every subscription of its type."""

    def __init__(self) -> None:
        self._subscriptions: list[Subscription[Event]] = []
        self._by_kind: dict[type[Event], tuple[Subscription[Event], ...]] = {}

    def publish(self, event: Event) -> None:
        """Never blocks. Call it on the event loop's thread only."""
        kind = type(event)
        hearing = self._by_kind.get(kind)
        if hearing is None:
            hearing = self._by_kind[kind] = tuple(
                each for each in self._subscriptions if issubclass(kind, each.kinds)
            )
        for subscription in hearing:
            subscription.offer(event)

    @contextmanager
    def subscribe(self, *kinds: type[E], maxsize: int = 256) -> Iterator[Subscription[E]]:
        """Hear events of `kinds` for as long as the context lasts."""
        subscription = Subscription(kinds, maxsize)
        self._subscriptions.append(subscription)  # type: ignore[arg-type]
        self._by_kind.clear()
        try:
            yield subscription
        finally:
            self._subscriptions.remove(subscription)  # type: ignore[arg-type]
            self._by_kind.clear()
