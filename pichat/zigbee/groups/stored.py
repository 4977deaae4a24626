"""Scenes on the devices: each stores what it is to do, and one message recalls it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import structlog

from pichat.errors import NotFoundError
from pichat.events import Scene, State
from pichat.store.groups import Member
from pichat.store.scenes import KeptScenes
from pichat.zigbee.air import Port
from pichat.zigbee.groups.fields import extension_fields
from pichat.zigbee.groups.plan import LEAST, SCENES, member_of
from pichat.zigbee.groups.recorded import Sent, recorded
from pichat.zigbee.roster import Roster
from pichat.zigbee.view import DeviceView, Feature

if TYPE_CHECKING:
    from zigpy.device import ZigbeeDevice

log = structlog.get_logger(__name__)

GROUP_KEY = "scenes"
"""One group holds all scenes of the house: a device that has not stored one ignores its recall."""

_OK = (0x00,)
_GONE = (0x00, 0x8B, 0x85)  # success, not found, no such group


class StoredScenes:
    """What the devices should store, and what they said that they did. One of the roster's
    memories."""

    def __init__(
        self, roster: Roster, store: KeptScenes, numbered: Callable[[], Mapping[int, Scene]]
    ) -> None:
        """`numbered`: the scenes by the number that devices know them by."""
        self._roster = roster
        self._store = store
        self._numbered = numbered
        self._wanted: dict[tuple[int, Member], bytes] = {}
        self._has: dict[tuple[int, Member], str] = {}
        self._refused: set[tuple[int, Member, str]] = set()

    async def load(self) -> None:
        self._has = await self._store.stored()

    def recall(self, view: DeviceView, device: ZigbeeDevice) -> None:
        """What a device holds is not asked for before there is work."""

    async def plan(self) -> dict[str, frozenset[Member]]:
        """Work out anew what belongs on the devices: who has to be in the scenes' group."""
        self._wanted = {}
        for number, scene in self._numbered().items():
            found = {
                member: content
                for device_id, states in scene.states.items()
                for member, content in (await self._contents(device_id, states)).items()
            }
            if len(found) >= LEAST:
                self._wanted |= {(number, m): content for m, content in found.items()}
        members = frozenset(member for _, member in self._wanted)
        return {GROUP_KEY: members} if members else {}

    def lacking(self) -> set[Member]:
        """Devices that should store, or forget, something."""
        has = self._has
        stale = {member for key in has if key not in self._wanted for member in [key[1]]}
        return stale | {
            key[1]
            for key, content in self._wanted.items()
            if has.get(key) != digest(content) and (*key, digest(content)) not in self._refused
        }

    def ready(self, number: int) -> set[Member]:
        """Who would do the scene at a recall; nobody, when somebody may do an old one."""
        has = self._has
        found = {m: content for (n, m), content in self._wanted.items() if n == number}
        holders = {m for n, m in has if n == number}
        if any(m not in found or has[number, m] != digest(found[m]) for m in holders):
            return set()
        return holders

    async def tell(self, port: Port, group: int, member: Member) -> None:
        """Have a device that is in the scenes' group store what it should. `port`: any of its
        endpoint. Raises SilentError, RefusedError and UnavailableError."""
        scenes = port.beside(SCENES)
        if scenes is None:
            return
        has = self._has
        for key in [key for key in has if key[1] == member and key not in self._wanted]:
            reply = await scenes.request("remove", group_id=group, scene_id=key[0])
            if reply.status in _GONE:
                await self._store.forget_stored(*key)
                del has[key]
        for key, content in self._wanted.items():
            if key[1] == member and has.get(key) != digest(content):
                await self._add(scenes, group, key, content)

    async def _add(self, scenes: Port, group: int, key: tuple[int, Member], content: bytes) -> None:
        # Should the answer be lost, it may have either.
        await self._store.save_stored(*key, "")
        self._has[key] = ""
        reply = await scenes.request_as(
            0x00,
            _add_schema(),
            group_id=group,
            scene_id=key[0],
            transition_time=0,
            scene_name="",
            extension=content,
        )
        if reply.status in _OK:
            await self._store.save_stored(*key, digest(content))
            self._has[key] = digest(content)
            return
        log.info("scene refused", device=key[1][0], status=str(reply.status))
        self._refused.add((*key, digest(content)))
        await self._store.forget_stored(*key)
        del self._has[key]

    async def forget(self, device_id: str) -> None:
        await self._store.forget_device(device_id)
        self._has = {key: d for key, d in self._has.items() if key[1][0] != device_id}

    def doubt(self, member: Member) -> None:
        """The device may have forgotten everything."""
        self._has |= {key: "" for key in self._has if key[1] == member}

    async def _contents(self, device_id: str, states: Mapping[str, State]) -> dict[Member, bytes]:
        """What a device stores; nothing where it cannot store all of it in one place."""
        with suppress(NotFoundError):
            view = self._roster.view(device_id)
            features = [view.features.get(name) for name in states]
            members = {_member(view, feature) for feature in features}
            if len(members) != 1 or (member := members.pop()) is None:
                return {}
            sent: list[Sent] = []
            for name, value in states.items():
                sent += await recorded(view.features[name], value) or ()
            content = extension_fields(sent) if len(sent) >= len(states) else None
            # A light of any colour may prefer the colour that a warm white leaves empty.
            if content and not ("colour" in view.features and "colour_temperature" in states):
                return {member: content}
        return {}


def _member(view: DeviceView, feature: Feature | None) -> Member | None:
    if feature is None or feature.port.beside(SCENES) is None:
        return None
    return member_of(view, feature)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def recall(group: int, number: int, transition_tenths: int) -> tuple[Sent, ...]:
    """The message that recalls a scene."""
    arguments = (
        ("group_id", group),
        ("scene_id", number),
        ("transition_time", transition_tenths),
    )
    return (Sent(SCENES, "recall", arguments),)


def _add_schema() -> Any:
    """The library's own ends before the fields."""
    from zigpy import types
    from zigpy.zcl.foundation import ZCLCommandDef

    make: Any = types
    define: Any = ZCLCommandDef
    schema = {
        "group_id": make.Group,
        "scene_id": make.uint8_t,
        "transition_time": make.uint16_t,
        "scene_name": make.LimitedCharString(16),
        "extension": make.Bytes,
    }
    return define(name="add", id=0, schema=schema).with_compiled_schema().schema
