"""One state for many devices, by as few messages as reach exactly them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from pichat.errors import PiChatError, attempt
from pichat.events import LONG_TRANSITION_S, State
from pichat.store.groups import Member
from pichat.zigbee.air import SilentError
from pichat.zigbee.confirm import Confirmation, Wave
from pichat.zigbee.groups.cover import cover
from pichat.zigbee.groups.membership import Membership
from pichat.zigbee.groups.multicast import Multicast
from pichat.zigbee.groups.plan import LEAST, member_of
from pichat.zigbee.groups.recorded import Sent, recorded
from pichat.zigbee.link import Link
from pichat.zigbee.stick.radio import Session
from pichat.zigbee.view import DeviceView, Feature


@dataclass(frozen=True, slots=True)
class Order:
    """What one device is to do. `value` fits the capability; `said` is what was asked for, where
    that was put in other terms."""

    view: DeviceView
    feature: Feature
    value: State
    said: State | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """One message to a group, and whom it is to reach."""

    group: int
    commands: tuple[Sent, ...]
    orders: tuple[tuple[Member, Order], ...]


class Many:
    """Plans and carries out what groups can do."""

    def __init__(
        self, membership: Membership, multicast: Multicast, link: Link, confirm_timeout_s: float
    ) -> None:
        self._membership = membership
        self.multicast = multicast
        self._link = link
        self._timeout_s = confirm_timeout_s

    async def plan(
        self, orders: Sequence[Order], transition_s: float | None = None
    ) -> list[Course]:
        """Whoever is in none of the courses has to be told alone."""
        if transition_s and transition_s > LONG_TRANSITION_S:
            return []  # there is time enough, and each is waited for in the background
        if len(orders) < LEAST:
            return []
        alike: dict[tuple[Sent, ...], dict[Member, Order]] = {}
        for order in orders:
            member = member_of(order.view, order.feature)
            if member is None or (transition_s and _leaves_something(order)):
                continue
            commands = await recorded(order.feature, order.value, transition_s)
            if commands is not None:
                alike.setdefault(commands, {})[member] = order
        kept = self._membership.kept()
        return [
            Course(number, commands, tuple((each, by_member[each]) for each in sorted(reached)))
            for commands, by_member in alike.items()
            if len(by_member) >= LEAST
            for number, reached in cover(frozenset(by_member), kept)
        ]

    async def run(
        self, course: Course, transition_s: float | None = None
    ) -> list[State | PiChatError]:
        """What came of each of the orders: the state that was confirmed, or what failed."""
        try:
            async with self._link.under_way() as session:
                return await self._run(session, course, transition_s)
        except PiChatError as error:
            return [error] * len(course.orders)

    async def _run(
        self, session: Session, course: Course, transition_s: float | None
    ) -> list[State | PiChatError]:
        wave = Wave(order.view for _, order in course.orders)
        with ExitStack() as watching:
            watches = [
                watching.enter_context(order.view.watch(order.feature.converter.name, order.value))
                for _, order in course.orders
            ]
            for watch in watches:
                watch.add_done_callback(wave.heard)
            sent = await self._send(session, course)
            wave.sent()
            return await asyncio.gather(
                *(
                    attempt(
                        self._one(member, order, watch, wave, transition_s)
                        if sent
                        else self._alone(order, transition_s)
                    )
                    for (member, order), watch in zip(course.orders, watches, strict=True)
                )
            )

    async def _send(self, session: Session, course: Course) -> bool:
        if not self.multicast.affordable():
            return False
        try:
            await self.multicast.send(session, course.group, course.commands)
        except SilentError:
            return False
        return True

    async def _one(
        self,
        member: Member,
        order: Order,
        watch: asyncio.Future[State],
        wave: Wave,
        transition_s: float | None,
    ) -> State:
        confirmation = self._confirmation(order)
        state, followed = await confirmation.followed(order.value, watch, wave, transition_s)
        self._membership.followed(member, followed)
        return state if order.said is None else order.said

    async def _alone(self, order: Order, transition_s: float | None) -> State:
        state = await self._confirmation(order).run(order.value, transition_s)
        return state if order.said is None else order.said

    def _confirmation(self, order: Order) -> Confirmation:
        return Confirmation(order.view, order.feature, self._timeout_s)


def ids_of(courses: Sequence[Course]) -> set[str]:
    return {order.view.id for course in courses for _, order in course.orders}


def _leaves_something(order: Order) -> bool:
    """Whether a fade has to be followed by a message of its own."""
    return order.feature.converter.afterwards(order.feature.port, order.value) is not None
