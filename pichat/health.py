"""What works, what does not, and why: one board that every part writes and the screens read."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

import structlog

from pichat.bus import Bus
from pichat.errors import PiChatError
from pichat.events import PartHealth, PartStatus

log = structlog.get_logger(__name__)

_CHANGES_KEPT = 100


class Health:
    """The latest condition of each part, published on the bus when it changes."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._parts: dict[str, PartHealth] = {}
        self._changes: deque[tuple[float, PartHealth]] = deque(maxlen=_CHANGES_KEPT)

    def set(self, part: str, status: PartStatus, reason: str | None = None) -> None:
        new = PartHealth(part=part, status=status, reason=reason)
        if self._parts.get(part) == new:
            return
        self._parts[part] = new
        self._changes.append((time.time(), new))
        log.info("health", part=part, status=status, reason=reason)
        self._bus.publish(new)

    def parts(self) -> dict[str, PartHealth]:
        return dict(self._parts)

    def changes(self) -> tuple[tuple[float, PartHealth], ...]:
        """The last hundred, oldest first, each with its time in seconds since the epoch."""
        return tuple(self._changes)

    def overall(self) -> PartStatus:
        """`failed` or `degraded` when any part is; parts that are switched off do not count."""
        found = {part.status for part in self._parts.values()}
        return next((status for status in ("failed", "degraded") if status in found), "ok")


async def keep_serving(
    part: str,
    serve: Callable[[], Awaitable[None]],
    health: Health,
    *,
    first_pause_s: float = 0.5,
    longest_pause_s: float = 30.0,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Run an optional part for ever: each time `serve` ends or raises, say why and try again.

    `serve` calls `health.set(part, "ok")` itself once it works; that resets the pause, which
    doubles from `first_pause_s` up to `longest_pause_s`. `pause` waits for that long, or for less
    or more where it knows better. Only cancelling ends this.
    """
    pause_s = first_pause_s
    while True:
        reason = "It stopped without saying why."
        try:
            await serve()
        except PiChatError as error:
            reason = error.sentence
        except Exception as error:  # the owner's boundary: an optional part must not end the house
            log.exception("part failed", part=part)
            reason = f"It failed unexpectedly ({type(error).__name__}); the log has more."
        before = health.parts().get(part)
        if before is not None and before.status == "ok":
            pause_s = first_pause_s
        health.set(part, "degraded", reason)
        await pause(pause_s)
        pause_s = min(pause_s * 2, longest_pause_s)
