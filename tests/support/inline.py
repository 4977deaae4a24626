"""Ears without a thread: what they hear is dealt with at once, on the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pichat.audio.base import Frame
from pichat.errors import UnavailableError
from pichat.turn.ears import Command, Ears
from pichat.turn.heard import Heard
from pichat.turn.listener import Listener


class InlineEars(Ears):
    """Hearing takes no virtual time, and the same sound is always heard at the same time. What was
    heard is delivered by the event loop's next step, as from a thread."""

    def __init__(
        self,
        make: Callable[[], Listener],
        deliver: Callable[[Heard, float], None],
        ready: Callable[[], None],
    ) -> None:
        super().__init__(make, deliver, ready)
        self._listener: Listener | None = None
        self._ended: asyncio.Future[None] | None = None

    async def serve(self) -> None:
        """See Ears."""
        self._ended = asyncio.get_running_loop().create_future()
        self._listener = self._make()
        try:
            self._ready()
            await self._ended
        finally:
            listener, self._listener = self._listener, None
            listener.close()

    def put(self, frame: Frame) -> None:
        """See Ears."""
        listener, ended = self._listener, self._ended
        if listener is None or ended is None or ended.done():
            return
        try:
            events = listener.feed(frame.pcm if frame.convert is None else frame.convert(frame.pcm))
        except Exception as error:  # noqa: BLE001 (raised again by `serve`)
            ended.set_exception(error)
            return
        loop = asyncio.get_running_loop()
        for event in events:
            loop.call_soon(self._deliver, event, frame.at_s - event.ago_s)

    async def put_and_wait(self, frame: Frame) -> None:
        """See Ears."""
        if self._listener is None:
            raise UnavailableError("The voice loop is not running.")
        self.put(frame)
        await asyncio.sleep(0)  # what was heard is delivered before this goes on

    def tell(self, command: Command) -> None:
        """See Ears."""
        if self._listener is not None:
            command(self._listener)
