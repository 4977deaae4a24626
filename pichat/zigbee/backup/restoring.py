"""A backup brought back: the network onto the stick, the devices, and what people said of them.

The order matters: the device database is made ready beside the one in use, then the stick is
written, and only then do files and names change. Whatever ends it midway, doing it again is right.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec
import structlog

from pichat.errors import BadRequestError, NotFoundError, UnavailableError
from pichat.store.db import Database, uninterrupted
from pichat.store.kept import KeptDevices
from pichat.zigbee.backup.database import forget, prepare, put_in_place, read_contents
from pichat.zigbee.backup.open_coordinator import Backup
from pichat.zigbee.backup.sections.base import restore as restore_house
from pichat.zigbee.backup.snapshot import written
from pichat.zigbee.backup.writing import Known, write_database
from pichat.zigbee.stick.refusal import same_network
from pichat.zigbee.stick.restore import write_network

if TYPE_CHECKING:
    from zigpy.application import ControllerApplication

log = structlog.get_logger(__name__)
T = TypeVar("T")


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """`new_address`: the stick kept its own, so the devices are set up anew in the background."""

    devices: int
    coordinator_id: str
    new_address: bool


class OnStick(Protocol):
    """`Life.with_stick`: the stick connected, whatever network it holds."""

    async def __call__(
        self, work: Callable[[ControllerApplication], Awaitable[T]], database: Path
    ) -> T: ...


async def carry_out(
    on_stick: OnStick, state_dir: Path, store: Database, backup: Backup, *, allow_new_eui64: bool
) -> Restored:
    """With the port and the database free. Raises UnavailableError, UnsupportedError when the
    stick cannot take over the old one's address and may not keep its own, and BadRequestError for
    a damaged backup; the devices and names are then as they were."""
    database, prepared = state_dir / "zigbee.db", state_dir / "zigbee.restoring.db"
    content = backup.database
    if content is None:
        content = await _known_here(backup, database) or await _of_addresses(backup)
    try:
        await asyncio.to_thread(prepare, content, prepared)
        write = partial(_write, backup=backup, allow_new_eui64=allow_new_eui64)
        restored = await on_stick(write, prepared)
        await uninterrupted(_take_over(prepared, database, store, backup))
    finally:
        await asyncio.to_thread(forget, prepared)
    log.info("backup restored", devices=restored.devices, new_address=restored.new_address)
    return restored


async def _known_here(backup: Backup, database: Path) -> bytes | None:
    """The database that there is, if it is of the backup's network."""
    try:
        contents = await asyncio.to_thread(read_contents, database)
        here = written(contents, database)
    except (NotFoundError, UnavailableError):
        return None
    same = backup.network is not None and same_network(here, backup.network)
    return contents.file if same else None


async def _of_addresses(backup: Backup) -> bytes:
    """Of a file of another program: devices that are interviewed when they are heard."""
    addresses = {} if backup.network is None else backup.network.network_info.nwk_addresses
    return await write_database(
        (
            Known(
                id=str(ieee),
                nwk=int(nwk),
                router=False,
                battery=True,
                manufacturer_code=0,
                manufacturer=None,
                model=None,
            )
            for ieee, nwk in addresses.items()
            if 0 < int(nwk) < 0xFFF8
        ),
        (),
    )


async def _write(app: ControllerApplication, *, backup: Backup, allow_new_eui64: bool) -> Restored:
    if backup.network is None:
        await _take_network_of_stick(app, backup)
    else:
        await write_network(app, backup.network, allow_new_eui64=allow_new_eui64)
    coordinator_id = str(app.state.node_info.ieee)
    new = backup.network is not None and coordinator_id != str(backup.network.node_info.ieee)
    return Restored(devices=backup.devices, coordinator_id=coordinator_id, new_address=new)


async def _take_network_of_stick(app: ControllerApplication, backup: Backup) -> None:
    from zigpy.exceptions import NetworkNotFormed

    try:
        await app.backups.create_backup()
    except NetworkNotFormed as error:
        raise BadRequestError(
            f"This backup of {backup.source} has no network settings, and the stick holds no"
            " network either. Plug in the stick that was used before."
        ) from error


async def _take_over(prepared: Path, database: Path, store: Database, backup: Backup) -> None:
    await asyncio.to_thread(put_in_place, prepared, database)
    # What was told since is of the database that was there.
    kept = KeptDevices(store)
    for device_id in await kept.all():
        await kept.forget(device_id)
    await restore_house(store, backup.house)
