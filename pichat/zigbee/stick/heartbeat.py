"""Whether the stick still answers, asked while nothing else would find out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from pichat.zigbee.stick.radio import Session

log = structlog.get_logger(__name__)

PERIOD_S = 3.0
_PATIENCE_S = 4.5
_ATTEMPTS = 2
"""A stick that hangs is noticed within 3 + 2 × 4.5 = 12 s. It is asked twice because a machine that
stood still finds its patience at an end, with the answer waiting behind that."""


async def keep_alive(session: Session) -> None:
    """Asks for ever, and ends the session when there is no answer."""
    while True:
        await asyncio.sleep(PERIOD_S)
        try:
            answers = await _answers(session)
        except Exception as error:  # noqa: BLE001 - however it fails, the link is of no use
            session.connection_lost(error)
            return
        if not answers:
            session.stopped_answering()
            return


async def _answers(session: Session) -> bool:
    for attempt in range(_ATTEMPTS):
        if attempt:
            log.info("the stick is slow to answer")
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await session.app.watchdog_feed()
        except TimeoutError:
            continue
        return True
    return False
