"""A backup of what there is now."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pichat.errors import UnavailableError
from pichat.store.db import Database
from pichat.zigbee.backup.database import Contents, read_contents
from pichat.zigbee.backup.open_coordinator import Backup
from pichat.zigbee.backup.sections.base import collect

if TYPE_CHECKING:
    from zigpy.backups import NetworkBackup


async def snapshot(
    database_path: Path,
    store: Database,
    now_s: float,
    told: NetworkBackup | None = None,
) -> Backup:
    """`told` is the network as the stick tells it; else it is as it was last written down.
    Raises NotFoundError, and UnavailableError when nothing was ever written down."""
    contents = await asyncio.to_thread(read_contents, database_path)
    network = told
    if network is None:
        network = await asyncio.to_thread(written, contents, database_path)
    house = await collect(store)
    return Backup(
        network=await asyncio.to_thread(_with_devices, network, contents),
        made_s=now_s,
        devices=len(contents.devices),
        database=contents.file,
        house=house,
        fingerprint=fingerprint(network, contents, house),
    )


def fingerprint(network: NetworkBackup, contents: Contents, house: Mapping[str, Any]) -> str:
    """The same as long as nothing changed that a backup is made for."""
    info = network.network_info
    matters = [
        str(network.node_info.ieee),
        int(info.pan_id),
        str(info.extended_pan_id),
        int(info.channel),
        int(info.nwk_update_id),
        str(info.network_key.key),
        sorted(contents.devices),
        house,
    ]
    return hashlib.sha256(msgspec.json.encode(matters, order="deterministic")).hexdigest()[:32]


def written(contents: Contents, path: Path) -> NetworkBackup:
    """The network as zigpy last wrote it down. Raises UnavailableError when it never did."""
    from zigpy.backups import NetworkBackup  # half a second of imports

    if contents.network is None:
        raise UnavailableError(
            f"{path} does not tell the network yet. Start PiChat once with the stick plugged in."
        )
    try:
        return NetworkBackup.from_dict(contents.network)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise UnavailableError(f"{path} tells a network that cannot be read: {error}.") from error


def _with_devices(network: NetworkBackup, contents: Contents) -> NetworkBackup:
    """The stick remembers few addresses; other programs find all of them in the document."""
    from zigpy import types as t

    info = network.network_info
    known = {
        t.EUI64.convert(id_): t.NWK.convert(f"{nwk:04x}") for id_, nwk in contents.devices.items()
    }
    return network.replace(network_info=info.replace(nwk_addresses=known | info.nwk_addresses))
