"""The radio as the parts of the hub see it: the session that is open, or why there is none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from pichat.errors import UnavailableError
from pichat.health import Health
from pichat.zigbee.stick.radio import Session
from pichat.zigbee.tasks import Tasks

PART = "zigbee"
"""The radio's name on the board of health."""


class Link:
    """`session` is set by the life of the radio, and None while the radio is away."""

    def __init__(self, health: Health) -> None:
        self.session: Session | None = None
        self._health = health

    def open(self) -> Session:
        """Raises UnavailableError with the reason why the radio is away."""
        if self.session is not None:
            return self.session
        part = self._health.parts().get(PART)
        reason = part.reason if part else None
        raise UnavailableError(reason or "The Zigbee radio is still starting.")

    @asynccontextmanager
    async def under_way(self) -> AsyncIterator[Session]:
        """The session, for work that ends at once when the link breaks. Raises UnavailableError."""
        session = self.open()
        async with session.under_way():
            yield session


class Follower(Protocol):
    """A part of the hub with work of its own while the radio is open."""

    def follow(self, session: Session, tasks: Tasks) -> None:
        """Called on the event loop each time that the radio has opened. What is spawned in `tasks`
        ends with the session."""
        ...
