"""Backups made by themselves: a little after every change that matters, and every day."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from pichat.bus import Bus
from pichat.errors import BusyError, NotFoundError, PiChatError, UnavailableError
from pichat.events import (
    DeviceAdded,
    DeviceChanged,
    DeviceRemoved,
    GroupsChanged,
    NetworkProgress,
    ScenesChanged,
)
from pichat.health import Health
from pichat.store.db import Database
from pichat.zigbee.backup.listing import StoredBackup, describe, stored
from pichat.zigbee.backup.open_coordinator import encode, summarise
from pichat.zigbee.backup.rotate import Shelf
from pichat.zigbee.backup.snapshot import snapshot
from pichat.zigbee.link import Link
from pichat.zigbee.stick.radio import Session
from pichat.zigbee.tasks import Tasks

if TYPE_CHECKING:
    from zigpy.backups import NetworkBackup

log = structlog.get_logger(__name__)

PART = "backups"
"""Their name on the board of health."""
DAILY_S = 24 * 3600.0
_SETTLE_S = 30.0
_LONGEST_S = 300.0
"""A house that is being set up changes for a while: it is backed up once it is quiet, or then."""
_AGAIN_S = 600.0
_LOOK_S = 3600.0
"""How often the clock on the wall is looked at, which may be set meanwhile."""

Event = (
    DeviceAdded | DeviceRemoved | DeviceChanged | GroupsChanged | ScenesChanged | NetworkProgress
)
_KINDS: tuple[type[Event], ...] = (
    DeviceAdded,
    DeviceRemoved,
    DeviceChanged,
    GroupsChanged,
    ScenesChanged,
    NetworkProgress,
)


class Backups:
    """A follower. `clock` tells seconds since the epoch."""

    def __init__(
        self,
        state_dir: Path,
        store: Database,
        link: Link,
        bus: Bus,
        health: Health,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.shelf = Shelf(state_dir / "backups")
        self.clock = clock
        self._database_path = state_dir / "zigbee.db"
        self._store = store
        self._link = link
        self._bus = bus
        self._health = health
        self._changed = asyncio.Event()
        self._said: dict[str, tuple[str, str | None, bool]] = {}
        self._writing = asyncio.Lock()

    async def list(self) -> tuple[StoredBackup, ...]:
        """Newest first. Raises UnavailableError."""
        return await asyncio.to_thread(stored, self.shelf)

    async def create(self) -> StoredBackup:
        """A backup of now, on the disk; without the radio, of what was last known of the network.
        Raises UnavailableError, and NotFoundError when there was never a network."""
        network = None
        if self._link.session is not None:
            with suppress(UnavailableError):  # it went away meanwhile
                network = await _told_by_stick(self._link.session)
        return await self._write(network)

    def follow(self, session: Session, tasks: Tasks) -> None:
        tasks.spawn(self._listen(), "changes to back up")
        tasks.spawn(self._keep(session), "backups")

    async def _listen(self) -> None:
        while True:
            with self._bus.subscribe(*_KINDS) as events, suppress(BusyError):
                async for event in events:
                    if self._matters(event):
                        self._changed.set()
            self._changed.set()  # something was missed

    def _matters(self, event: Event) -> bool:
        if isinstance(event, NetworkProgress):
            return event.done and event.work == "channel"
        if isinstance(event, DeviceRemoved):
            self._said.pop(event.device_id, None)
        if isinstance(event, DeviceAdded | DeviceChanged):
            # What is heard of first may be as it always was; its backup then turns out the same.
            device = event.device
            before = self._said.get(device.id)
            self._said[device.id] = now = (device.name, device.area, device.confirm)
            return before != now
        return True

    async def _keep(self, session: Session) -> None:
        # Something may have changed while nobody listened.
        self._changed.set()
        while True:
            daily = not await self._wait()
            pause_s = 0.0
            try:
                newest = await self._newest()
                if daily or await self._is_new(session, newest):
                    await self._write(await _told_by_stick(session))
                self._health.set(PART, "ok")
            except PiChatError as error:
                if session.closed.is_set():
                    return
                log.warning("backup not made", reason=error.sentence)
                self._health.set(PART, "degraded", error.sentence)
                pause_s = _AGAIN_S
            await asyncio.sleep(pause_s)
            if pause_s:
                self._changed.set()

    async def _wait(self) -> bool:
        """Returns once a change has settled (True) or a day has passed (False)."""
        while not self._changed.is_set():
            newest = await self._newest()
            left_s = DAILY_S if newest is None else newest[0] + DAILY_S - self.clock()
            # A backup of the future is of a clock that was wrong.
            if left_s <= 0 or left_s > 2 * DAILY_S:
                return False
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left_s, _LOOK_S)):
                    await self._changed.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST_S):
                while self._changed.is_set():
                    self._changed.clear()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(_SETTLE_S):
                            await self._changed.wait()
        self._changed.clear()
        return True

    async def _newest(self) -> tuple[float, str] | None:
        """When PiChat last made one, and its fingerprint, which is empty when it is damaged."""
        return await asyncio.to_thread(_newest, self.shelf)

    async def _is_new(self, session: Session, newest: tuple[float, str] | None) -> bool:
        if newest is None:
            return True
        known = session.app.backups.from_network_state()
        now = await snapshot(self._database_path, self._store, self.clock(), known)
        return now.fingerprint != newest[1]

    async def _write(self, network: NetworkBackup | None) -> StoredBackup:
        async with self._writing:
            backup = await snapshot(self._database_path, self._store, self.clock(), network)
            content = await asyncio.to_thread(encode, backup)
            return await asyncio.to_thread(_put, self.shelf, content, backup.made_s)


def _newest(shelf: Shelf) -> tuple[float, str] | None:
    for entry in shelf.entries():
        if entry.ours:
            try:
                _, fingerprint = summarise(shelf.read(entry.name), entry.name)
            except PiChatError:
                fingerprint = ""
            return entry.made_s, fingerprint
    return None


def _put(shelf: Shelf, content: bytes, made_s: float) -> StoredBackup:
    name = shelf.write(content, made_s)
    for entry in shelf.entries():
        if entry.name == name:
            return describe(shelf, entry)
    raise NotFoundError(f"The backup {name} was written and is gone again.")


async def _told_by_stick(session: Session) -> NetworkBackup:
    """With counters and keys as they are now, or without its link keys when the stick does not
    tell those. Raises UnavailableError when the radio went away."""
    async with session.under_way():
        try:
            return await session.app.backups.create_backup()
        except failures_of(session) as error:
            log.warning("the stick does not tell all of its network", reason=repr(error))
            return session.app.backups.from_network_state()


def failures_of(session: Session) -> tuple[type[Exception], ...]:
    """How the stick's library says that the stick did not do or tell something."""
    return (AssertionError, *session.air.failures)  # bellows asserts what the stick answers
