"""How long to wait before the stick is tried again: not longer than it is away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable

LOOK_S = 0.25
LONGEST_PAUSE_S = 1.0
"""A silent stick is waited for 5 s, in which it is reset each 2.5 s: one that comes back right
after the last reset, and answers the first of the next attempt, is there 4.5 s later."""
MISSING_S = 30.0
REFUSED_S = 60.0
REFUSED_ABROAD_S = 4.0
ABROAD = "on the network"
"""The presence of what cannot be looked at, and may be another one any time."""


class Watch:
    """`presence` differs when the stick came, went or was plugged in anew; None: none is there."""

    def __init__(self, presence: Callable[[], Hashable]) -> None:
        self._presence = presence
        self._seen: Hashable = None
        self._disturbed = asyncio.Event()

    def remember(self) -> None:
        """What is there now is what is tried."""
        self._seen = self._presence()
        self._disturbed.clear()

    def disturb(self) -> None:
        """End the present pause."""
        self._disturbed.set()

    async def pause(self, pause_s: float, *, refused: bool = False) -> None:
        """Until the time is over or another stick is there. One that is not there, or is there and
        refused, is not worth trying until that changes."""
        loop = asyncio.get_running_loop()
        if refused:
            pause_s = REFUSED_S if self._presence() != ABROAD else REFUSED_ABROAD_S
        elif self._presence() is None:
            pause_s = MISSING_S
        end_s = loop.time() + pause_s
        while (left_s := end_s - loop.time()) > 0:
            try:
                async with asyncio.timeout(min(LOOK_S, left_s)):
                    await self._disturbed.wait()
            except TimeoutError:
                pass
            else:
                return
            now = self._presence()
            if now is not None and now != self._seen:
                return
            self._seen = now
