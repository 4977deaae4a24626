"""Backups as their owner meets them while the hub runs: list, make, look at, bring back."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

import structlog

from pichat.errors import NotFoundError, UnavailableError
from pichat.store.db import Database
from pichat.zigbee.backup.keeper import Backups, failures_of
from pichat.zigbee.backup.listing import StoredBackup
from pichat.zigbee.backup.open_coordinator import Backup, decode
from pichat.zigbee.backup.plan import RestorePlan, Stick, look, plan
from pichat.zigbee.backup.restoring import OnStick, Restored, carry_out
from pichat.zigbee.link import Link
from pichat.zigbee.roster import Roster

log = structlog.get_logger(__name__)
T = TypeVar("T")


class Life(Protocol):
    """The radio's life, which can be asked to step aside."""

    async def between(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do `work` while neither the stick nor zigbee.db is in use."""
        ...

    @property
    def with_stick(self) -> OnStick: ...


class Restorer:
    def __init__(
        self,
        state_dir: Path,
        store: Database,
        backups: Backups,
        link: Link,
        roster: Roster,
        life: Life,
    ) -> None:
        self._state_dir = state_dir
        self._store = store
        self._backups = backups
        self._link = link
        self._roster = roster
        self._life = life

    async def list(self) -> tuple[StoredBackup, ...]:
        """Newest first. Raises UnavailableError."""
        return await self._backups.list()

    async def create(self) -> StoredBackup:
        """A backup of now. Raises UnavailableError, and NotFoundError when there was never a
        network."""
        return await self._backups.create()

    def path(self, name: str) -> Path:
        """Where that backup is."""
        return self._backups.shelf.directory.absolute() / name

    async def read(self, name: str) -> bytes:
        """A backup's content. Raises NotFoundError, UnavailableError."""
        return await asyncio.to_thread(self._backups.shelf.read, name)

    async def plan(self, content: bytes, what: str) -> RestorePlan:
        """What bringing it back would do; the stick is asked, and nothing is written. `what` names
        it in sentences. Raises BadRequestError when it is damaged."""
        backup = await asyncio.to_thread(decode, content, what)
        stick, problem = None, None
        try:
            stick = await self._look(backup)
        except UnavailableError as error:
            problem = error.sentence
        known = frozenset(view.id for view in self._roster.announced())
        return plan(backup, stick, problem, known)

    async def restore(self, content: bytes, what: str, *, allow_new_eui64: bool) -> Restored:
        """Bring it back, after a backup of what there is now. Raises BadRequestError,
        UnsupportedError when the stick cannot take over the address and may not keep its own, and
        UnavailableError."""
        backup = await asyncio.to_thread(decode, content, what)
        try:
            before = await self._backups.create()
        except (NotFoundError, UnavailableError) as error:  # there may be nothing to keep
            log.info("no backup before restoring", reason=error.sentence)
        else:
            log.info("backup before restoring", name=before.name)

        async def work() -> Restored:
            restored = await carry_out(
                self._life.with_stick,
                self._state_dir,
                self._store,
                backup,
                allow_new_eui64=allow_new_eui64,
            )
            await self._roster.start_over()
            return restored

        return await self._life.between(work)

    async def _look(self, backup: Backup) -> Stick:
        if self._link.session is not None:
            async with self._link.under_way() as session:
                try:
                    return await look(session.app, backup)
                except failures_of(session) as error:
                    raise UnavailableError(
                        f"The stick does not tell its network ({type(error).__name__}). Try again."
                    ) from error
        return await self._life.between(partial(look_alone, self._life.with_stick, backup))


async def look_alone(on_stick: OnStick, backup: Backup) -> Stick:
    """With the port free. Raises UnavailableError."""
    with tempfile.TemporaryDirectory(prefix="pichat-") as folder:
        return await on_stick(lambda app: look(app, backup), Path(folder) / "zigbee.db")
