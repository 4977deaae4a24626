"""Repairs of a stick that does not fit: each does to the end what its owner has chosen."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import structlog

from pichat.errors import BadRequestError, UnavailableError
from pichat.zigbee.backup.database import forget, put_in_place
from pichat.zigbee.roster import Roster
from pichat.zigbee.stick.refusal import Choice, Refusal, same_network
from pichat.zigbee.stick.restore import take_address, write_network

if TYPE_CHECKING:
    from zigpy.application import ControllerApplication

log = structlog.get_logger(__name__)
T = TypeVar("T")


class Life(Protocol):
    """The radio's life, which can be asked to step aside; see `pichat.zigbee.life.Life`."""

    refusal: Refusal | None

    async def between(self, work: Callable[[], Awaitable[T]]) -> T: ...

    async def with_stick(
        self, work: Callable[[ControllerApplication], Awaitable[T]], database: Path
    ) -> T: ...


class Repairs:
    """`database` is zigbee.db. What it was before devices are forgotten is kept beside it."""

    def __init__(self, life: Life, roster: Roster, database: Path) -> None:
        self._life = life
        self._roster = roster
        self._database = database
        self._fresh = database.with_name("zigbee.fresh.db")

    @property
    def refusal(self) -> Refusal | None:
        """Why the stick that is plugged in is not used, and what can be done."""
        return self._life.refusal

    async def repair(self, choice: Choice, *, allow_new_address: bool = False) -> None:
        """Do it; `stick.refusal.MEANINGS` tells what. Returns when the stick is written; it is then
        opened. With `allow_new_address` a stick that cannot take over the old one's
        address keeps its own. Raises BadRequestError when there is nothing to repair in that way,
        UnsupportedError when the address is needed, UnavailableError when the stick is away."""
        self._check(choice)
        if choice == "restore":
            await self._life.between(lambda: self._restore(allow_new_address))
        elif choice == "adopt":
            await self._life.between(self._adopt)
        else:
            await self._life.between(lambda: self._begin_anew(_form))
        log.info("stick repaired", choice=choice)

    def _check(self, choice: Choice) -> None:
        refusal = self._life.refusal
        if choice == "start_afresh" or (refusal is not None and choice in refusal.choices):
            return
        if refusal is None:
            raise BadRequestError("The Zigbee stick is not refused: there is nothing to repair.")
        raise BadRequestError(
            "This stick holds no network that could be taken. Restore PiChat's own onto it, or"
            " start afresh."
        )

    async def _restore(self, allow_new_address: bool) -> None:
        async def write(app: ControllerApplication) -> None:
            known = app.backups.most_recent_backup()
            if known is None:
                raise UnavailableError("PiChat knows of no network that could be restored.")
            await write_network(app, known, allow_new_eui64=allow_new_address)

        await self._life.with_stick(write, self._database)

    async def _adopt(self) -> None:
        if not await self._life.with_stick(_keep, self._database):
            await self._begin_anew(_hold)

    async def _begin_anew(self, work: Callable[[ControllerApplication], Awaitable[None]]) -> None:
        """With a database that knows no device, which takes the old one's place at the end."""
        await asyncio.to_thread(forget, self._fresh)
        try:
            await self._life.with_stick(work, self._fresh)
            await asyncio.to_thread(_set_aside, self._database)
            await asyncio.to_thread(put_in_place, self._fresh, self._database)
        finally:
            await asyncio.to_thread(forget, self._fresh)
        # In a house to try, the devices join by themselves.
        await asyncio.to_thread(self._database.with_suffix(".paired").unlink, missing_ok=True)
        await self._roster.start_over()


async def _form(app: ControllerApplication) -> None:
    await app.form_network()


async def _hold(app: ControllerApplication) -> None:
    await app.backups.create_backup()


async def _keep(app: ControllerApplication) -> bool:
    """Whether the stick holds the network that is known; its address is then the one to know."""
    known = app.backups.most_recent_backup()
    await app.load_network_info(load_devices=True)
    held = app.backups.from_network_state()
    if known is None or not same_network(held, known):
        return False
    app.backups.add_backup(held)
    take_address(app, str(known.node_info.ieee))
    return True


def _set_aside(database: Path) -> None:
    """A copy of what is given up. Raises UnavailableError."""
    copy = database.with_name("zigbee.before-repair.db")
    try:
        forget(copy)
        if database.exists():
            with closing(sqlite3.connect(database)) as old, closing(sqlite3.connect(copy)) as new:
                old.backup(new)
    except (OSError, sqlite3.Error) as error:
        raise UnavailableError(f"The database {database} cannot be kept: {error}.") from error
