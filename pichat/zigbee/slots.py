"""How many messages may be under way in all, and who is next."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from pichat.errors import BusyError

PROMPT = 8
"""Under way to devices that answer: what a coordinator of the usual size is good for."""
SLOW = 8
"""Under way to devices that keep silent. Theirs are places of their own, so that they cost the
others nothing."""
IN_ALL = PROMPT + SLOW
_FOR_PEOPLE = 2
"""Places that work in the background leaves free."""
_PROMPTLY_S = 0.25
"""Who has not answered by then gives its place to the next, and goes on waiting among the slow."""
MOST_WAITING = 512
"""Commands of people that wait for a place. A house of 100 devices, each told two things, is far
from it."""


class Turn:
    """One message under way. `doubtful`: the device did not answer the last one."""

    def __init__(self, *, urgent: bool, doubtful: bool) -> None:
        self.urgent = urgent
        self.slow = doubtful


class Slots:
    """What people wait for comes before what is done in the background, each in its order."""

    def __init__(self, prompt: int = PROMPT, slow: int = SLOW) -> None:
        self._prompt = prompt
        self._slow = slow
        self._waiting: dict[tuple[bool, bool], deque[tuple[Turn, asyncio.Future[None]]]] = {
            (slow, urgent): deque() for slow in (False, True) for urgent in (True, False)
        }
        self._late: list[Turn] = []

    async def take(self, *, urgent: bool, doubtful: bool) -> Turn:
        """Wait for a place. Raises BusyError when too many of people's commands wait already."""
        turn = Turn(urgent=urgent, doubtful=doubtful)
        queue = self._waiting[doubtful, urgent]
        if not queue and self._has_place(turn):
            self._occupy(turn)
            return turn
        if urgent and len(queue) >= MOST_WAITING:
            raise BusyError("Too many commands are waiting for the Zigbee radio; try again soon.")
        placed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append((turn, placed))
        try:
            await placed
        except asyncio.CancelledError:
            if placed.done() and not placed.cancelled():
                self.end(turn)
            else:
                queue.remove((turn, placed))
            raise
        return turn

    @contextmanager
    def timed(self, turn: Turn) -> Iterator[None]:
        """The turn from now to its end; it moves aside when it takes long."""
        timer = None
        if not turn.slow:
            timer = asyncio.get_running_loop().call_later(_PROMPTLY_S, self._aside, turn)
        try:
            yield
        finally:
            if timer is not None:
                timer.cancel()
            self.end(turn)

    def end(self, turn: Turn) -> None:
        if turn in self._late:
            self._late.remove(turn)
        if turn.slow:
            self._slow += 1
            if self._late:
                self._aside(self._late.pop(0))
        else:
            self._prompt += 1
        self._admit()

    def _aside(self, turn: Turn) -> None:
        if self._slow <= 0:
            self._late.append(turn)
            return
        turn.slow = True
        self._slow -= 1
        self._prompt += 1
        self._admit()

    def _has_place(self, turn: Turn) -> bool:
        free = self._slow if turn.slow else self._prompt
        return free > (0 if turn.urgent else _FOR_PEOPLE)

    def _occupy(self, turn: Turn) -> None:
        if turn.slow:
            self._slow -= 1
        else:
            self._prompt -= 1

    def _admit(self) -> None:
        for queue in self._waiting.values():
            while queue and self._has_place(queue[0][0]):
                turn, placed = queue.popleft()
                if not placed.done():
                    self._occupy(turn)
                    placed.set_result(None)
