"""The listening thread: a Listener beside the event loop, because one look for the wake word
would otherwise hold up the radio for milliseconds each time."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable

from pichat.audio.base import Frame
from pichat.errors import UnavailableError
from pichat.turn.listener import Heard, Listener

Command = Callable[[Listener], None]
_JOIN_S = 3.0


class Ears:
    """Feeds a Listener on a thread of its own, in the order in which things were put.

    `make` runs on that thread: loading engines takes time. `deliver(event, at_s)` and `ready` are
    called on the event loop; `at_s` is time.monotonic(). The queue holds `longest_frames` of live
    sound; when it is full the oldest is dropped.
    """

    def __init__(
        self,
        make: Callable[[], Listener],
        deliver: Callable[[Heard, float], None],
        ready: Callable[[], None],
        *,
        longest_frames: int = 250,
    ) -> None:
        self._make = make
        self._deliver = deliver
        self._ready = ready
        self._longest_frames = longest_frames
        self._changed = threading.Condition()
        self._items: deque[Frame | Command] = deque()
        self._waiters: dict[int, asyncio.Future[None]] = {}
        self._stopping = False
        self._running = False
        self.dropped_frames = 0

    async def serve(self) -> None:
        """Listen until cancelled. Raises what the engines raised."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()
        self._stopping = False
        # A daemon, so that an engine that hangs cannot keep the process from ending.
        thread = threading.Thread(
            target=self._work, args=(loop, ended), name="listening", daemon=True
        )
        thread.start()
        try:
            await ended
        finally:
            self._stop()
            await asyncio.to_thread(thread.join, _JOIN_S)

    def put(self, frame: Frame) -> None:
        """Queue live sound. From any thread; never blocks; dropped while nothing listens."""
        with self._changed:
            if not self._running:
                return
            if len(self._items) >= self._longest_frames:
                self._drop_oldest()
            self._items.append(frame)
            self._changed.notify()

    async def put_and_wait(self, frame: Frame) -> None:
        """Queue sound and return when it was heard and its events are delivered. Raises
        UnavailableError when listening ends before."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._changed:
            if not self._running:
                raise UnavailableError("The voice loop is not running.")
            self._waiters[id(frame)] = done
            self._items.append(frame)
            self._changed.notify()
        try:
            await done
        finally:
            self._waiters.pop(id(frame), None)

    def tell(self, command: Command) -> None:
        """Run `command` with the listener, on its thread, after what was put before."""
        with self._changed:
            if self._running:
                self._items.append(command)
                self._changed.notify()

    def _drop_oldest(self) -> None:
        """Commands are never dropped: without them the listener would miss a turn's end."""
        for place, item in enumerate(self._items):
            if isinstance(item, Frame):
                del self._items[place]
                self.dropped_frames += 1
                return

    def _stop(self) -> None:
        with self._changed:
            self._running = False
            self._stopping = True
            self._items.clear()
            self._changed.notify()
        for waiter in self._waiters.values():
            if not waiter.done():
                waiter.set_exception(UnavailableError("The voice loop stopped while listening."))

    def _work(self, loop: asyncio.AbstractEventLoop, ended: asyncio.Future[None]) -> None:
        failure: BaseException | None = None
        try:
            listener = self._make()
            with self._changed:
                self._running = not self._stopping
            loop.call_soon_threadsafe(self._ready)
            try:
                while (item := self._next()) is not None:
                    self._take(loop, listener, item)
            finally:
                listener.close()
        except BaseException as error:  # noqa: BLE001 (raised again by `serve`)
            failure = error
        loop.call_soon_threadsafe(_end, ended, failure)

    def _next(self) -> Frame | Command | None:
        with self._changed:
            while not self._items and not self._stopping:
                self._changed.wait()
            return None if self._stopping else self._items.popleft()

    def _take(
        self, loop: asyncio.AbstractEventLoop, listener: Listener, item: Frame | Command
    ) -> None:
        if not isinstance(item, Frame):
            item(listener)
            return
        events = listener.feed(item.pcm if item.convert is None else item.convert(item.pcm))
        # Most blocks hold nothing: the event loop is woken only for those that do.
        if events or id(item) in self._waiters:
            loop.call_soon_threadsafe(self._hand_over, events, item)

    def _hand_over(self, events: list[Heard], frame: Frame) -> None:
        for event in events:
            self._deliver(event, frame.at_s - event.ago_s)
        waiter = self._waiters.get(id(frame))
        if waiter is not None and not waiter.done():
            waiter.set_result(None)


def _end(ended: asyncio.Future[None], failure: BaseException | None) -> None:
    if ended.done():
        return
    if failure is None:
        ended.set_result(None)
    else:
        ended.set_exception(failure)
