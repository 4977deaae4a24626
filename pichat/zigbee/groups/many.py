"""One state for many devices, by as few messages as reach exactly them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
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
from pichat.zigbee.radio import Session
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
    orders: dict[Member, Order]


class Many:
    """Plans and carries out what groups can do."""

    def __init__(
        self, membership: Membership, multicast: Multicast, link: Link, confirm_timeout_s: float
    ) -> None:
        self._membership = membership
        self._multicast = multicast
        self._link = link
        self._timeout_s = confirm_timeout_s

    async def plan(
        self, orders: Iterable[Order], transition_s: float | None = None
    ) -> list[Course]:
        """Whoever is in none of the courses has to be told alone."""
        if transition_s and transition_s > LONG_TRANSITION_S:
            return []  # there is time enough, and each is waited for in the background
        alike: dict[tuple[Sent, ...], dict[Member, Order]] = {}
        for order in orders:
            member = member_of(order.view, order.feature)
            if member is None:
                continue
            commands = await recorded(order.feature, order.value, transition_s)
            if commands is not None:
                alike.setdefault(commands, {})[member] = order
        kept = self._membership.kept()
        return [
            Course(number, commands, {member: by_member[member] for member in reached})
            for commands, by_member in alike.items()
            if len(by_member) >= LEAST
            for number, reached in cover(frozenset(by_member), kept)
        ]

    async def run(
        self, course: Course, transition_s: float | None = None
    ) -> dict[str, State | PiChatError]:
        """What each device confirmed, or what failed, by id."""
        views = [order.view for order in course.orders.values()]
        try:
            async with self._link.under_way() as session:
                return await self._run(session, course, transition_s)
        except PiChatError as error:
            return {view.id: error for view in views}

    async def _run(
        self, session: Session, course: Course, transition_s: float | None
    ) -> dict[str, State | PiChatError]:
        wave = Wave(order.view for order in course.orders.values())
        with ExitStack() as watching:
            watches: dict[Member, asyncio.Future[State]] = {}
            for member, order in course.orders.items():
                name = order.feature.converter.name
                watch = watching.enter_context(order.view.watch(name, order.value))
                watch.add_done_callback(wave.heard)
                watches[member] = watch
            sent = await self._send(session, course)
            wave.sent()
            results = await asyncio.gather(
                *(
                    attempt(
                        self._one(member, order, watches[member], wave, transition_s)
                        if sent
                        else self._alone(order, transition_s)
                    )
                    for member, order in course.orders.items()
                )
            )
        ids = [order.view.id for order in course.orders.values()]
        return dict(zip(ids, results, strict=True))

    async def _send(self, session: Session, course: Course) -> bool:
        if not self._multicast.affordable():
            return False
        try:
            await self._multicast.send(session, course.group, course.commands)
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
    return {order.view.id for course in courses for order in course.orders.values()}
