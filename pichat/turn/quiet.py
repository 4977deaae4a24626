"""Other programs are quiet while somebody talks with PiChat."""

from __future__ import annotations

from contextlib import suppress
from typing import Protocol

from pichat.bus import Bus
from pichat.errors import BusyError
from pichat.events import LOCAL_STATION, VoiceChanged

_TALKING = ("hearing", "thinking", "speaking", "following_up")


class Ducking(Protocol):
    def duck(self) -> None: ...

    def restore(self) -> None: ...


async def keep_quiet(ducking: Ducking, bus: Bus) -> None:
    """Duck and restore with the states of the local station, for ever."""
    while True:
        # After a lag the next state tells all that counts.
        with bus.subscribe(VoiceChanged) as changes, suppress(BusyError):
            async for change in changes:
                if change.station != LOCAL_STATION:
                    continue
                if change.state in _TALKING:
                    ducking.duck()
                else:
                    ducking.restore()
