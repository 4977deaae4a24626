"""One conversation that a client follows by events: what happens in it, and what of that is still
known."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from itertools import islice
from typing import Any, Literal

import msgspec

from pichat.errors import BusyError
from pichat.events import Terms, TurnFinished

MOST_READERS = 8
MOST_EVENTS = 512  # that a session remembers
MOST_BYTES = 256 * 1024

State = Literal["idle", "thinking", "speaking"]
_encoder = msgspec.json.Encoder()


class SessionEvent(msgspec.Struct, frozen=True, kw_only=True):
    """`id` counts from 1 within its session; 0 for what is told to one reader alone. `data` is a
    JSON object."""

    id: int
    name: str
    data: bytes


class Session:
    """One conversation. `terms`: on which it is held."""

    def __init__(
        self, owner: str, conversation_id: str, profile: str, terms: Terms, now_s: float
    ) -> None:
        self.id = conversation_id
        self.owner = owner
        self.profile = profile
        self.terms = terms
        self.created_s = time.time()
        self.state: State = "idle"
        self.messages = 0
        self.ended = False
        self.readers = 0
        self.was_read = False
        self.touched_s = now_s
        self.turns: set[asyncio.Task[TurnFinished]] = set()
        self.in_order = asyncio.Lock()
        self.newest = 0
        self._events: deque[SessionEvent] = deque()
        self._bytes = 0
        self._news = asyncio.Event()

    @property
    def resting(self) -> bool:
        """Nobody speaks in it, and nobody listens."""
        return not self.turns and not self.readers

    @property
    def oldest(self) -> int:
        """The id of the first event that is still known, or of the next one."""
        return self.newest + 1 - len(self._events)

    def tell(self, what: str, **data: Any) -> None:
        """Have every reader know; `data` is for JSON."""
        self.newest += 1
        event = SessionEvent(
            id=self.newest, name=what, data=_encoder.encode({"type": what, **data})
        )
        self._events.append(event)
        self._bytes += len(event.data)
        while len(self._events) > MOST_EVENTS or (
            self._bytes > MOST_BYTES and len(self._events) > 1
        ):
            self._bytes -= len(self._events.popleft().data)
        self._news.set()
        self._news = asyncio.Event()

    def become(self, state: State) -> None:
        if state != self.state:
            self.state = state
            self.tell("state_change", state=state)

    def since(self, event_id: int) -> list[SessionEvent]:
        """The events behind that one, as far as they are still known."""
        missed = max(0, event_id + 1 - self.oldest)
        return list(islice(self._events, missed, None))

    async def news(self) -> None:
        """Returns when something was told that `since` has not given before the call."""
        await self._news.wait()

    def listen(self, after: int | None) -> AsyncIterator[SessionEvent]:
        """The events behind the one with the id `after`, and those to come, until the session ends.
        None: the state now, and what comes from now on; the first reader of a session gets all of
        it. What is not known any more is told as `lost`. Raises BusyError when too many listen."""
        if self.readers >= MOST_READERS:
            raise BusyError("Too many listen to this conversation already.")
        return self._listen(after)

    async def _listen(self, after: int | None) -> AsyncIterator[SessionEvent]:
        self.readers += 1
        try:
            if after is None and self.was_read:
                after = self.newest
                now = {"type": "state_change", "state": self.state}
                yield SessionEvent(id=0, name="state_change", data=_encoder.encode(now))
            self.was_read = True
            async for event in _from(self, after or 0):
                yield event
        finally:
            self.readers -= 1


async def _from(session: Session, after: int) -> AsyncIterator[SessionEvent]:
    if after > session.newest:  # of another session, or of before the daemon started anew
        after = -1
    while True:
        if after < session.oldest - 1:
            lost = {"type": "lost", "from": after + 1, "to": session.oldest - 1}
            after = session.oldest - 1
            yield SessionEvent(id=after, name="lost", data=_encoder.encode(lost))
        for event in session.since(after):
            after = event.id
            yield event
        if after == session.newest:
            if session.ended:
                return
            await session.news()
