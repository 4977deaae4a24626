"""Keeps the groups on the devices in step with the house, in the background."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from pichat.bus import Bus
from pichat.errors import BusyError, NotFoundError, UnavailableError
from pichat.events import (
    Device,
    DeviceAdded,
    DeviceChanged,
    DeviceGroup,
    DeviceRemoved,
    GroupsChanged,
    ScenesChanged,
)
from pichat.store.groups import Member, ZigbeeMembers
from pichat.zigbee.air import Port, RefusedError, SilentError
from pichat.zigbee.groups.plan import GROUPS, wanted_groups
from pichat.zigbee.groups.stored import GROUP_KEY, StoredScenes
from pichat.zigbee.roster import Roster
from pichat.zigbee.stick.radio import Session
from pichat.zigbee.tasks import Tasks
from pichat.zigbee.view import DeviceView

if TYPE_CHECKING:
    from zigpy.device import ZigbeeDevice

log = structlog.get_logger(__name__)

ADDRESSES = range(0x7000, 0x8000)
"""Of the groups that are kept here. Other programs count theirs from the bottom, and remote
controls make up theirs at the top."""

_PAUSE_S = 0.05
"""Between two devices: there is no hurry, and commands come first."""
_AGAIN_S = 300.0
"""After a device did not answer."""
_MISSES = 3
"""A device that did not follow its group so often, and obeyed when told alone, has probably
forgotten it."""
_KNOWN = (0x00, 0x8A)  # success, duplicate exists
_GONE = (0x00, 0x8B)  # success, not found


class KeptGroup(msgspec.Struct, frozen=True):
    """A group on the devices: who may be in it, and those of them who said so."""

    number: int
    possible: frozenset[Member]
    confirmed: frozenset[Member]


class Membership:
    """A Follower, and one of the roster's memories. Until a device has confirmed that it is in a
    group, it is told alone."""

    def __init__(
        self,
        roster: Roster,
        store: ZigbeeMembers,
        bus: Bus,
        owners: Callable[[], Sequence[DeviceGroup]],
        scenes: StoredScenes,
    ) -> None:
        """`owners`: the groups that people made."""
        self._roster = roster
        self._store = store
        self._bus = bus
        self._owners = owners
        self._scenes = scenes
        self._groups: dict[str, int] = {}
        self._members: dict[int, dict[Member, bool]] = {}
        self._misses: dict[Member, int] = {}
        self._unsure: set[Member] = set()
        self._refused: set[tuple[Member, int]] = set()
        self._changed = asyncio.Event()
        self._settled = asyncio.Event()

    async def load(self) -> None:
        self._members = await self._store.members()
        self._groups = await self._store.groups()

    def recall(self, view: DeviceView, device: ZigbeeDevice) -> None:
        """What a device holds is not asked for before there is work."""

    def follow(self, session: Session, tasks: Tasks) -> None:
        self._settled.clear()
        session.app.add_listener(self)
        tasks.spawn(self._notice(), "changes for groups")
        tasks.spawn(self._keep(session), "groups on the devices")

    def kept(self) -> list[KeptGroup]:
        """The groups that there are on the devices now."""
        return [
            KeptGroup(
                number,
                frozenset(members),
                frozenset(member for member, confirmed in members.items() if confirmed),
            )
            for number, members in self._members.items()
        ]

    def number(self, key: str) -> int | None:
        """The address of the group that stands for `key`, if there is one."""
        return self._groups.get(key)

    def is_in(self, key: str, member: Member) -> bool:
        """Whether the device said that it is in that group."""
        number = self.number(key)
        return number is not None and self._members.get(number, {}).get(member, False)

    def followed(self, member: Member, followed: bool) -> None:
        """Whether a device did what its group was told; where not, it obeyed when told alone."""
        misses = 0 if followed else self._misses.get(member, 0) + 1
        self._misses[member] = misses
        if misses >= _MISSES:
            self._doubt(member)

    def changed(self) -> None:
        """Look whether the devices have to be told something."""
        self._settled.clear()
        self._changed.set()

    async def settled(self) -> None:
        """Returns when every device that answers knows its groups."""
        await self._settled.wait()

    def device_joined(self, device: Any) -> None:
        """Called by zigpy. A device that was reset has forgotten its groups."""
        for member in {m for members in self._members.values() for m in members}:
            if member[0].startswith(str(device.ieee)):  # it, or a part of it
                self._doubt(member)

    def _doubt(self, member: Member) -> None:
        self._misses.pop(member, None)
        self._unsure.add(member)
        self._scenes.doubt(member)
        for members in self._members.values():
            if member in members:
                members[member] = False
        self.changed()

    async def _notice(self) -> None:
        """Wake up at what makes a difference to groups."""
        known: dict[str, tuple[object, ...]] = {}
        kinds = (DeviceAdded, DeviceChanged, DeviceRemoved, GroupsChanged, ScenesChanged)
        while True:
            # After missed events, a look at the house tells all the same.
            self.changed()
            with self._bus.subscribe(*kinds, maxsize=1024) as events, suppress(BusyError):
                while True:
                    match await events.get():
                        case DeviceAdded(device=device) | DeviceChanged(device=device):
                            traits = _traits(device)
                            if known.get(device.id) != traits:
                                known[device.id] = traits
                                self.changed()
                        case DeviceRemoved(device_id=device_id):
                            known.pop(device_id, None)
                            self.changed()
                        case _:
                            self.changed()

    async def _keep(self, session: Session) -> None:
        while True:
            self._changed.clear()
            with suppress(UnavailableError):  # it cannot be kept: try again later
                wanted = await self._wanted(session)
                complete = await self._work(session, wanted)
                if not self._changed.is_set():
                    self._settled.set()
                if complete:
                    await self._changed.wait()
                    continue
            with suppress(TimeoutError):
                async with asyncio.timeout(_AGAIN_S):
                    await self._changed.wait()

    async def _wanted(self, session: Session) -> dict[Member, set[int]]:
        """The groups that each member should be in, after those that are new have an address."""
        plan = await wanted_groups(self._roster.announced(), self._owners())
        plan |= await self._scenes.plan()
        groups = {k: n for k, n in self._groups.items() if k in plan}
        used = {*groups.values(), *self._members, *map(int, session.app.groups)}
        free = (number for number in ADDRESSES if number not in used)
        groups |= {key: next(free) for key in plan if key not in groups}
        if groups != self._groups:
            await self._store.save_groups(groups)
            self._groups = groups
        wanted: dict[Member, set[int]] = {}
        for key, members in plan.items():
            for member in members:
                wanted.setdefault(member, set()).add(groups[key])
        return wanted

    async def _work(self, session: Session, wanted: dict[Member, set[int]]) -> bool:
        """Whether every device that is there could be told."""
        known: dict[Member, dict[int, bool]] = {}
        for number, members in self._members.items():
            for member, confirmed in members.items():
                known.setdefault(member, {})[number] = confirmed
        complete, lacking = True, self._scenes.lacking()
        for member in sorted({*wanted, *known, *self._unsure, *lacking}):
            has, wants = known.get(member, {}), wanted.get(member, set())
            wants = {number for number in wants if (member, number) not in self._refused}
            as_wanted = has == dict.fromkeys(wants, True)
            if as_wanted and member not in self._unsure and member not in lacking:
                continue
            complete = await self._sync(session, member, wants) and complete
            await asyncio.sleep(_PAUSE_S)
            if self._changed.is_set():
                break
        return complete

    async def _sync(self, session: Session, member: Member, wants: Collection[int]) -> bool:
        """Have one device be in these of our groups and no others."""
        port = self._port(member)
        if port is None:
            return True
        async with session.under_way():
            try:
                await self._tell(port, member, wants)
            except SilentError:
                return False
            except RefusedError as error:
                log.info("no groups", device=member[0], reason=str(error))
        self._unsure.discard(member)
        return True

    async def _tell(self, port: Port, member: Member, wants: Collection[int]) -> None:
        reply = await port.request("get_membership", groups=[])
        if not hasattr(reply, "groups"):
            raise RefusedError("it does not tell its groups")
        has = {int(number) for number in reply.groups if int(number) in ADDRESSES}
        # Before it is asked: should the answer be lost, it may be in all of them.
        state = {number: number in has for number in {*has, *wants}}
        await self._put(member, state)
        for number in sorted(has.difference(wants)):
            if (await port.request("remove", group_id=number)).status in _GONE:
                del state[number]
        for number in sorted(set(wants) - has):
            reply = await port.request("add", group_id=number, group_name="")
            if reply.status in _KNOWN:
                state[number] = True
            else:
                log.info("group refused", device=member[0], status=str(reply.status))
                self._refused.add((member, number))
                del state[number]
        await self._put(member, state)
        number = self._groups.get(GROUP_KEY, 0)
        if state.get(number):
            await self._scenes.tell(port, number, member)

    async def _put(self, member: Member, groups: dict[int, bool]) -> None:
        await self._store.save_member(member, groups)
        for members in self._members.values():
            members.pop(member, None)
        for number, confirmed in groups.items():
            self._members.setdefault(number, {})[member] = confirmed
        self._members = {number: members for number, members in self._members.items() if members}

    async def forget(self, device_id: str) -> None:
        """It is gone from the house."""
        await self._store.forget(device_id)
        for members in self._members.values():
            for member in [m for m in members if m[0] == device_id]:
                del members[member]
        self._unsure = {member for member in self._unsure if member[0] != device_id}
        self._refused = {(m, number) for m, number in self._refused if m[0] != device_id}

    def _port(self, member: Member) -> Port | None:
        """The device's own groups; None for one that is not there."""
        device_id, endpoint = member
        with suppress(NotFoundError):
            view = self._roster.view(device_id)
            for port in view.ports:
                if int(port.cluster.endpoint.endpoint_id) == endpoint:
                    return port.beside(GROUPS)
        return None


def _traits(device: Device) -> tuple[object, ...]:
    """What of a device makes a difference."""
    names = tuple(capability.name for capability in device.capabilities)
    return device.area, device.kind, names, device.sleepy, device.available
