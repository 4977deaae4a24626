"""The listening thread: a Listener beside the event loop, because one look for the wake word
would otherwise hold up the radio for milliseconds each time."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable

from pichat.audio.base import Frame
from pichat.errors import UnavailableError
from pichat.turn.heard import Heard
from pichat.turn.listener import Listener

Command = Callable[[Listener], None]


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
        join_s: float = 3.0,
    ) -> None:
        self._make = make
        self._deliver = deliver
        self._ready = ready
        self._longest_frames = longest_frames
        self._join_s = join_s
        self._changed = threading.Condition()
        self._items: deque[Frame | Command] = deque()
        self._waiters: dict[int, asyncio.Future[None]] = {}
        self._life: object = None  # of the thread that may listen; one that hung finds another
        self._running = False
        self.dropped_frames = 0

    async def serve(self) -> None:
        """Listen until cancelled. Raises what the engines raised."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()
        self._life = life = object()
        # A daemon, so that an engine that hangs cannot keep the process from ending.
        thread = threading.Thread(
            target=self._work, args=(loop, ended, life), name="listening", daemon=True
        )
        thread.start()
        try:
            await ended
        finally:
            self._stop()
            await asyncio.to_thread(thread.join, self._join_s)

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
            self._life = None
            self._items.clear()
            self._changed.notify_all()
        for waiter in self._waiters.values():
            if not waiter.done():
                waiter.set_exception(UnavailableError("The voice loop stopped while listening."))

    def _work(
        self, loop: asyncio.AbstractEventLoop, ended: asyncio.Future[None], life: object
    ) -> None:
        failure: BaseException | None = None
        try:
            listener = self._make()
            with self._changed:
                if self._life is life:
                    self._running = True
                    loop.call_soon_threadsafe(self._ready)
            try:
                while (item := self._next(life)) is not None:
                    self._take(loop, listener, item)
            finally:
                listener.close()
        except BaseException as error:  # noqa: BLE001 (raised again by `serve`)
            failure = error
        loop.call_soon_threadsafe(_end, ended, failure)

    def _next(self, life: object) -> Frame | Command | None:
        with self._changed:
            while not self._items and self._life is life:
                self._changed.wait()
            return self._items.popleft() if self._life is life else None

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
