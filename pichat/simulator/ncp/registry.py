"""Which function answers which EZSP command, in which protocol versions."""

from __future__ import annotations

from collections.abc import Callable

from pichat.simulator.ncp.stick import Stick
from pichat.simulator.wire.codec import Reader

OLDEST, NEWEST = 13, 19
Handler = Callable[[Stick, Reader], bytes]


class Registry:
    """Commands by id. A handler returns the answer's parameters."""

    def __init__(self) -> None:
        self._handlers: list[tuple[int, int, int, Handler]] = []

    def on(
        self, frame_id: int, *, since: int = OLDEST, until: int = NEWEST
    ) -> Callable[[Handler], Handler]:
        """Registers a handler for the protocol versions from `since` to `until`."""

        def register(handler: Handler) -> Handler:
            self._handlers.append((frame_id, since, until, handler))
            return handler

        return register

    def for_version(self, version: int) -> dict[int, Handler]:
        """Raises TypeError when two handlers want the same command."""
        table: dict[int, Handler] = {}
        for frame_id, since, until, handler in self._handlers:
            if since <= version <= until:
                if frame_id in table:
                    raise TypeError(f"EZSP command {frame_id:#06x} is registered twice")
                table[frame_id] = handler
        return table


REGISTRY = Registry()
