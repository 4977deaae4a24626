"""The radio kept open for ever: each time that it opens, devices come and followers work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pichat.config.types import Zigbee
from pichat.errors import UnavailableError
from pichat.health import Health, keep_serving
from pichat.zigbee.arrival.interview import Interviews
from pichat.zigbee.arrival.joining import Joining
from pichat.zigbee.between import Between
from pichat.zigbee.link import PART, Follower, Link
from pichat.zigbee.roster import Roster
from pichat.zigbee.stick.choose import advice, presence, settle
from pichat.zigbee.stick.failures import blocked, missing
from pichat.zigbee.stick.heartbeat import keep_alive
from pichat.zigbee.stick.ports import Ports
from pichat.zigbee.stick.radio import Session, application, connect_radio, on_stick, open_radio
from pichat.zigbee.stick.refusal import Refusal, RefusedStickError
from pichat.zigbee.stick.watch import LONGEST_PAUSE_S, Watch
from pichat.zigbee.tasks import Tasks

if TYPE_CHECKING:
    from zigpy.application import ControllerApplication

T = TypeVar("T")
_FIRST_PAUSE_S = 0.25
_PAIR_S = 20.0
_BETWEEN = "The Zigbee stick is being worked on. It takes a moment."


class Life:
    """With `pair_at_first_start`, the network is opened for joining until the `expected` devices
    have been there once; a file beside the database remembers that. `always` is work that goes on
    while the radio is away, too. `refusal` is why the stick that is there is not used."""

    def __init__(
        self,
        config: Zigbee,
        database_path: Path,
        roster: Roster,
        link: Link,
        health: Health,
        followers: Sequence[Follower],
        interviews: Interviews,
        always: Sequence[Callable[[], Coroutine[Any, Any, None]]] = (),
        *,
        expected: Collection[str] = (),
        pair_at_first_start: bool = False,
        ports: Ports | None = None,
    ) -> None:
        self._config = config
        self._database_path = database_path
        self._roster = roster
        self._link = link
        self._health = health
        self._followers = followers
        self._interviews = interviews
        self._always = always
        self._expected = frozenset(expected)
        self._paired = database_path.with_suffix(".paired")
        self._pair = pair_at_first_start
        self._listed = False
        self._blocked = False
        self._ports = ports or Ports()
        self._watch = Watch(partial(presence, config, self._ports))
        self._between = Between(self._watch.disturb)
        self.refusal: Refusal | None = None

    async def run(self) -> None:
        """Keep the radio open, for ever; why it is not is on the health board as `zigbee`."""
        if self._config.path == "none":
            self._health.set(PART, "off", "Zigbee is switched off (zigbee.path is none).")
            await asyncio.Event().wait()
        await self._roster.load()
        async with Tasks() as tasks:
            for work in self._always:
                tasks.spawn(work(), "beside the radio")
            self._between.possible = True
            try:
                await keep_serving(
                    PART,
                    self._serve,
                    self._health,
                    first_pause_s=_FIRST_PAUSE_S,
                    longest_pause_s=LONGEST_PAUSE_S,
                    pause=self._pause,
                )
            finally:
                self._between.end()

    async def between(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do `work` while neither the stick nor zigbee.db is in use, and then live on. Raises what
        it raises, and UnavailableError when there is no radio."""
        return await self._between.ask(work)

    async def on_stick(self, work: Callable[[ControllerApplication], Awaitable[T]]) -> T:
        """`between` two lives, do `work` with the application of zigbee.db, connected to the stick
        that is plugged in, whatever network that holds; it is not started. Raises UnavailableError
        when the stick is away or goes away, and what `work` raises."""
        return await self.between(lambda: self.with_stick(work, self._database_path))

    async def with_stick(
        self, work: Callable[[ControllerApplication], Awaitable[T]], database: Path
    ) -> T:
        """`on_stick`, for those who are between two lives, and with a database of their choice."""
        config = await asyncio.to_thread(settle, self._config, self._ports)
        async with application(config, database) as session:
            await connect_radio(session, config)
            return await on_stick(session, config, work)

    async def _pause(self, pause_s: float) -> None:
        await self._watch.pause(pause_s, refused=self.refusal is not None)

    async def _serve(self) -> None:
        """One life of the radio. Raises UnavailableError when it ends."""
        if self._between.waiting():
            self._health.set(PART, "degraded", _BETWEEN)
        await self._between.do()
        self._watch.remember()
        life = asyncio.create_task(self._live(), name="zigbee")
        asked = asyncio.create_task(self._between.until_asked())
        try:
            await asyncio.wait([life, asked], return_when=asyncio.FIRST_COMPLETED)
        finally:
            asked.cancel()
            if not life.done():
                life.cancel()
                await asyncio.wait([life])
        if life.cancelled():
            raise UnavailableError(_BETWEEN)
        life.result()

    async def _live(self) -> None:
        try:
            await self._with_radio()
        except RefusedStickError as error:
            self.refusal = error.refusal
            raise
        except UnavailableError as error:
            self.refusal = None
            self._blocked = isinstance(error.__cause__, OSError)
            raise
        finally:
            self._link.session = None
            for view in self._roster.announced():
                view.set_online(False)

    async def _with_radio(self) -> None:
        config, away = await asyncio.to_thread(self._settle)
        if self._listed and away:
            raise UnavailableError(away)
        async with application(config, self._database_path) as session, Tasks() as tasks:
            joining = Joining(session, self._roster, tasks, self._interviews)
            await joining.resume()
            self._listed = True
            if away:
                raise UnavailableError(away)
            await open_radio(session, config)
            self.refusal = None
            await self._work(session, joining, tasks)

    def _settle(self) -> tuple[Zigbee, str | None]:
        """The settings that hold, and why the stick need not be tried."""
        try:
            config = settle(self._config, self._ports)
        except UnavailableError as error:
            return self._config, error.sentence
        if gone := missing(config):
            hint = advice(config, self._ports)
            return config, f"{gone} {hint}" if hint else gone
        # Trying costs a reading of the database each time.
        return config, blocked(config) if self._blocked else None

    async def _work(self, session: Session, joining: Joining, tasks: Tasks) -> None:
        tasks.spawn(keep_alive(session), "heartbeat")
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
