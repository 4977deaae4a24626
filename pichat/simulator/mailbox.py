"""What parents hold for children that sleep."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

INDIRECT_TIMEOUT_S = 7.68
"""How long a parent keeps a message (macTransactionPersistenceTime)."""


@dataclass(eq=False)
class _Held:
    deliver: Callable[[], None]
    timer: asyncio.TimerHandle | None = None


class Mailbox:
    """Messages by the child that they are for (its long address)."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._held: dict[bytes, list[_Held]] = {}

    def hold(
        self,
        child: bytes,
        poll_in_s: float,
        deliver: Callable[[], None],
        expired: Callable[[], None],
    ) -> None:
        """Until the child polls, which it does in `poll_in_s` at the latest, or too late."""
        held = _Held(deliver)
        fetched = poll_in_s <= INDIRECT_TIMEOUT_S
        wait_s, action = (poll_in_s, deliver) if fetched else (INDIRECT_TIMEOUT_S, expired)

        def run() -> None:
            self._held[child].remove(held)
            action()

        held.timer = self._loop.call_later(wait_s, run)
        self._held.setdefault(child, []).append(held)

    def fetch(self, child: bytes) -> None:
        """The child asks now: it gets all that is there, in order."""
        for held in self._held.pop(child, ()):
            if held.timer is not None:
                held.timer.cancel()
            held.deliver()

    def close(self) -> None:
        for waiting in self._held.values():
            for held in waiting:
                if held.timer is not None:
                    held.timer.cancel()
        self._held.clear()
