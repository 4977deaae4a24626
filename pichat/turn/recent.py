"""What changed in the house in the last minutes, for who has to know without asking."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from pichat.bus import Bus
from pichat.errors import BusyError
from pichat.events import DeviceChanged

_MOST = 64
_LASTS_S = 600.0
_TOLD = frozenset({"on_off", "lock", "contact", "occupancy", "cover_position"})
"""What a person would tell another; measured values change all the time, and are asked for."""


class Recent:
    """Run `serve` beside it. The oldest change is first."""

    def __init__(self, bus: Bus, clock: Callable[[], float] = time.monotonic) -> None:
        self._bus = bus
        self._clock = clock
        self._changes: deque[tuple[float, DeviceChanged]] = deque(maxlen=_MOST)

    async def serve(self) -> None:
        """Take notice until cancelled."""
        while True:
            with self._bus.subscribe(DeviceChanged) as changes, suppress(BusyError):
                async for change in changes:
                    if _TOLD & change.changes.keys():
                        self._changes.append((self._clock(), change))

    def changes(self) -> tuple[DeviceChanged, ...]:
        """Of the last ten minutes, 64 at most."""
        since_s = self._clock() - _LASTS_S
        return tuple(change for at_s, change in self._changes if at_s >= since_s)
