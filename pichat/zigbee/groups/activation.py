"""A scene taken up: by one message where the devices have stored it, by commands where not."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

from pichat.errors import NotFoundError, PiChatError
from pichat.events import LONG_TRANSITION_S, Scene, State
from pichat.store.groups import Member
from pichat.zigbee.converter import tenths
from pichat.zigbee.groups.many import Course, Many, Order
from pichat.zigbee.groups.membership import Membership
from pichat.zigbee.groups.plan import LEAST, member_of
from pichat.zigbee.groups.scenes import Scenes
from pichat.zigbee.groups.stored import GROUP_KEY, StoredScenes, recall
from pichat.zigbee.roster import Roster

Results = dict[tuple[str, str], State | PiChatError]
"""What came of each state of a scene, by the device's id and the capability."""


class SetsMany(Protocol):
    async def __call__(
        self,
        device_ids: list[str],
        capability: str,
        value: State,
        *,
        transition_s: float | None = None,
    ) -> Mapping[str, State | PiChatError]:
        """See `pichat.tools.base.House.set_many`."""
        ...


class Activation:
    def __init__(
        self,
        scenes: Scenes,
        stored: StoredScenes,
        membership: Membership,
        roster: Roster,
        many: Many,
    ) -> None:
        self._scenes = scenes
        self._stored = stored
        self._membership = membership
        self._roster = roster
        self._many = many
        self._set_many: SetsMany

    def through(self, set_many: SetsMany) -> None:
        """How several devices are set: as the hub does it."""
        self._set_many = set_many

    async def activate(self, scene_id: str, transition_s: float | None = None) -> Results:
        """What each device confirmed, or what failed. Raises NotFoundError."""
        number, scene = self._scenes.find(scene_id)
        transition_s = scene.transition_s if transition_s is None else transition_s
        course = None
        if transition_s <= LONG_TRANSITION_S:
            course = self._course(number, scene, transition_s)
        told = {order.view.id for _, order in course.orders} if course else set[str]()
        rest = {key: states for key, states in scene.states.items() if key not in told}
        commanding = asyncio.create_task(self._command(rest, transition_s))
        found: Results = {}
        if course is not None:
            results = await self._many.run(course, transition_s)
            for (_, order), result in zip(course.orders, results, strict=True):
                found[order.view.id, order.feature.converter.name] = result
        return found | await commanding

    def _course(self, number: int, scene: Scene, transition_s: float) -> Course | None:
        """The recall of a scene, and what it should do; None where it saves nothing."""
        group = self._membership.number(GROUP_KEY)
        ready = self._stored.ready(number)
        orders: list[tuple[Member, Order]] = []
        members: set[Member] = set()
        for device_id, states in scene.states.items():
            try:
                view = self._roster.view(device_id)
            except NotFoundError:
                continue
            for name, value in states.items():
                feature = view.features.get(name)
                member = member_of(view, feature) if feature else None
                known = member in ready and self._membership.is_in(GROUP_KEY, member)
                if feature is not None and member is not None and known:
                    members.add(member)
                    orders.append((member, Order(view, feature, value)))
        # Whoever stored it will follow the recall, so that nobody may be left out of the orders.
        if group is None or len(members) < LEAST or members != ready:
            return None
        return Course(group, recall(group, number, tenths(transition_s)), tuple(orders))

    async def _command(
        self, wanted: Mapping[str, Mapping[str, State]], transition_s: float
    ) -> Results:
        """Each state to all devices that are to have it: what lights first, then the rest."""
        found: Results = {}
        lit = {name: states for name, states in wanted.items() if "on_off" in states}
        for first in (True, False):
            same: dict[tuple[str, State], list[str]] = {}
            for device_id, states in wanted.items():
                for name, value in states.items():
                    if (name == "on_off" or device_id not in lit) == first:
                        same.setdefault((name, value), []).append(device_id)
            results = await asyncio.gather(
                *(
                    # What is lit first only begins to shine; its brightness takes its time.
                    self._set_many(
                        ids,
                        name,
                        value,
                        transition_s=None if value is True else transition_s or None,
                    )
                    for (name, value), ids in same.items()
                )
            )
            for (name, _), told in zip(same, results, strict=True):
                found |= {(device_id, name): result for device_id, result in told.items()}
        return found
