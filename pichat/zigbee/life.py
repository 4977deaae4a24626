"""The radio kept open for ever: each time that it opens, devices come and followers work."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path

from pichat.config.types import Zigbee
from pichat.errors import UnavailableError
from pichat.health import Health, keep_serving
from pichat.zigbee.failures import missing
from pichat.zigbee.joining import Joining
from pichat.zigbee.link import PART, Follower, Link
from pichat.zigbee.radio import Session, application, open_radio
from pichat.zigbee.roster import Roster
from pichat.zigbee.tasks import Tasks

_LONGEST_PAUSE_S = 4.0
_PAIR_S = 20.0


class Life:
    """With `pair_at_first_start`, the network is opened for joining until the `expected` devices
    have been there once; a file beside the database remembers that."""

    def __init__(
        self,
        config: Zigbee,
        database_path: Path,
        roster: Roster,
        link: Link,
        health: Health,
        followers: Sequence[Follower],
        *,
        expected: Collection[str] = (),
        pair_at_first_start: bool = False,
    ) -> None:
        self._config = config
        self._database_path = database_path
        self._roster = roster
        self._link = link
        self._health = health
        self._followers = followers
        self._expected = frozenset(expected)
        self._paired = database_path.with_suffix(".paired")
        self._pair = pair_at_first_start
        self._listed = False

    async def run(self) -> None:
        """Keep the radio open, for ever; why it is not is on the health board as `zigbee`."""
        if self._config.path == "none":
            self._health.set(PART, "off", "Zigbee is switched off (zigbee.path is none).")
            await asyncio.Event().wait()
        await self._roster.load()
        await keep_serving(PART, self._serve, self._health, longest_pause_s=_LONGEST_PAUSE_S)

    async def _serve(self) -> None:
        """One life of the radio. Raises UnavailableError when it ends."""
        try:
            if self._listed and (gone := missing(self._config)):
                raise UnavailableError(gone)
            async with application(self._config, self._database_path) as session, Tasks() as tasks:
                joining = Joining(session, self._roster, tasks)
                await joining.resume()
                self._listed = True
                await open_radio(session, self._config)
                await self._work(session, joining, tasks)
        finally:
            self._link.session = None
            for view in self._roster.announced():
                view.set_online(False)

    async def _work(self, session: Session, joining: Joining, tasks: Tasks) -> None:
        known = {view.id for view in self._roster.announced()}
        joining.start()
        self._link.session = session
        for follower in self._followers:
            follower.follow(session, tasks)
        if self._pair and not await asyncio.to_thread(self._paired.exists):
            pairing = partial(self._first_pairing, joining, self._expected - known)
            if known:
                # An earlier start was cut short; what is there need not wait for the rest.
                tasks.spawn(joining.while_open(pairing), "first pairing")
            else:
                async with session.under_way():
                    await pairing()
        self._health.set(PART, "ok")
        await session.until_lost()

    async def _first_pairing(self, joining: Joining, missing: frozenset[str]) -> None:
        if await joining.pair(missing, _PAIR_S):
            await asyncio.to_thread(self._paired.touch)
