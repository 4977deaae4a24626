"""Moving the network to another channel."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from pichat.bus import Bus
from pichat.errors import (
    BadRequestError,
    BusyError,
    NotConfirmedError,
    PiChatError,
    UnavailableError,
)
from pichat.events import NetworkProgress
from pichat.zigbee.care.asking import Directory, Known, ask, type_of
from pichat.zigbee.care.energy import CHANNELS
from pichat.zigbee.care.types import ChannelChanged, ChannelPlan
from pichat.zigbee.link import Link
from pichat.zigbee.stick.radio import Session

log = structlog.get_logger(__name__)

_DEADLINE_S = 40.0
_BROADCASTS = 5
"""How often the move is told: a broadcast is not acknowledged."""
_AT_ONCE = 4
_LOW_POWER = 26


class Channel:
    """`before_change` is awaited before anything is sent: a backup. It raises a PiChatError to
    hold the change up."""

    def __init__(
        self,
        directory: Directory,
        link: Link,
        bus: Bus,
        before_change: Callable[[], Awaitable[object]],
        broadcasts: int = _BROADCASTS,
    ) -> None:
        self._directory = directory
        self._link = link
        self._bus = bus
        self._before_change = before_change
        self._broadcasts = broadcasts
        self._moving = False

    def plan(self, channel: int) -> ChannelPlan:
        """What moving there means. Raises BadRequestError and UnavailableError."""
        session = self._link.open()
        if channel not in CHANNELS:
            raise BadRequestError(f"Zigbee's channels go from {CHANNELS[0]} to {CHANNELS[-1]}.")
        current = int(session.app.state.network_info.channel)
        if channel == current:
            raise BadRequestError(f"The network is on channel {channel} already.")
        sleepy = [each.name for each in self._others(session) if each.sleepy]
        meaning = [
            (
                f"All devices have to follow from channel {current} to channel {channel}. Those"
                " that listen always do so within seconds; one that misses it may have to be"
                " switched off and on, or paired again."
            ),
            "A backup of the network is made before.",
        ]
        if sleepy:
            meaning.append(
                "Battery devices search for the network when they next wake: that may take"
                " hours, or a press of their button, or pairing them again"
                f" ({len(sleepy)}: {', '.join(sorted(sleepy))})."
            )
        if channel == _LOW_POWER:
            meaning.append(
                "On channel 26 many devices send with little power or not at all; 15, 20 and 25"
                " are better choices."
            )
        return ChannelPlan(current=current, channel=channel, meaning=tuple(meaning))

    async def change(self, channel: int) -> ChannelChanged:
        """Move, and return who is there afterwards. Raises BadRequestError, BusyError,
        NotConfirmedError when the stick did not move, and UnavailableError."""
        plan = self.plan(channel)
        if self._moving:
            raise BusyError("The network is being moved already.")
        self._moving = True
        self._tell(0)
        try:
            await self._before_change()
            self._tell(10)
            async with self._link.under_way() as session:
                await self._move(session, channel)
                self._tell(70)
                found = await self._look(session, plan)
        except PiChatError as error:
            self._bus.publish(NetworkProgress(work="channel", done=True, error=error.sentence))
            raise
        finally:
            self._moving = False
        self._tell(100)
        log.info("channel changed", previous=plan.current, channel=channel)
        return found

    async def _move(self, session: Session, channel: int) -> None:
        app = session.app
        try:
            async with asyncio.timeout(_DEADLINE_S):
                await app.move_network_to_channel(channel, num_broadcasts=self._broadcasts)
        except session.air.failures as error:
            # A stick may have moved without saying so; what it holds now decides.
            log.info("channel change not acknowledged", reason=repr(error))
            await self._check(session, channel)

    async def _check(self, session: Session, channel: int) -> None:
        app = session.app
        try:
            await app.load_network_info(load_devices=False)
        except session.air.failures as error:
            raise UnavailableError(
                "The stick does not say whether it moved. Ask again (pichat zigbee info)."
            ) from error
        if int(app.state.network_info.channel) != channel:
            raise NotConfirmedError(
                f"The stick did not move to channel {channel}; the network is where it was."
            )
        # Without it the next start would take the stick for one with another network.
        await app.backups.create_backup()

    async def _look(self, session: Session, plan: ChannelPlan) -> ChannelChanged:
        """Who of those that listen always answers there."""
        awake = [each for each in self._others(session) if not each.sleepy]
        asleep = [each.name for each in self._others(session) if each.sleepy]
        slots = asyncio.Semaphore(_AT_ONCE)

        async def answers(known: Known) -> bool:
            zdo, address = known.zigpy.zdo, known.zigpy.nwk
            async with slots:
                try:
                    await ask(session, known, lambda options: zdo.Node_Desc_req(address, **options))
                except PiChatError:
                    return False
                return True

        found = await asyncio.gather(*(answers(each) for each in awake))
        silent = [each.name for each, there in zip(awake, found, strict=True) if not there]
        return ChannelChanged(
            previous=plan.current,
            channel=int(session.app.state.network_info.channel),
            answering=sum(found),
            silent=tuple(sorted(silent)),
            asleep=tuple(sorted(asleep)),
        )

    def _others(self, session: Session) -> list[Known]:
        return [one for one in self._directory.all(session) if type_of(one.zigpy) != "coordinator"]

    def _tell(self, percent: float) -> None:
        done = percent >= 100
        self._bus.publish(NetworkProgress(work="channel", percent=percent, done=done))
