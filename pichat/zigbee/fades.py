"""Lights that take long to arrive: nobody waits for them, and still they are followed."""

from __future__ import annotations

import asyncio

import structlog

from pichat.errors import PiChatError, UnavailableError
from pichat.events import State
from pichat.zigbee.confirm import Confirmation
from pichat.zigbee.stick.radio import Session
from pichat.zigbee.tasks import Tasks

log = structlog.get_logger(__name__)


class Fades:
    """A Follower."""

    def __init__(self) -> None:
        self._tasks: Tasks | None = None

    def follow(self, session: Session, tasks: Tasks) -> None:
        del session
        self._tasks = tasks

    async def begin(self, confirmation: Confirmation, wanted: State, transition_s: float) -> None:
        """Returns when the device has accepted. Raises what the confirmation does until then, and
        UnavailableError."""
        if self._tasks is None:
            raise UnavailableError("The Zigbee radio is still starting.")
        accepted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        work = _follow(confirmation, wanted, transition_s, accepted)
        self._tasks.spawn(work, "a light fades")
        await accepted


async def _follow(
    confirmation: Confirmation,
    wanted: State,
    transition_s: float,
    accepted: asyncio.Future[None],
) -> None:
    try:
        await confirmation.run(wanted, transition_s, accepted)
    except PiChatError as error:
        if accepted.done():
            log.info("a light did not arrive", reason=error.sentence)
        else:
            accepted.set_exception(error)
    else:
        if not accepted.done():
            accepted.set_result(None)
