"""Writing a network onto a stick: its key, its number, its channel, and what it knew of devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from pichat.errors import BadRequestError, UnsupportedError
from pichat.zigbee.converter import converters_of

if TYPE_CHECKING:
    from zigpy.application import ControllerApplication
    from zigpy.backups import NetworkBackup

log = structlog.get_logger(__name__)

COUNTER_STEP = 1_000_000
"""Devices ignore frames that are numbered below the last they heard. What the old stick sent since
the backup is less than this, and 4,000 restores fit into the counter's 32 bits."""
_LAST_COUNTER = 0xFFFF_0000
_NO_ADDRESS = "ff:ff:ff:ff:ff:ff:ff:ff"


async def write_network(
    app: ControllerApplication, backup: NetworkBackup, *, allow_new_eui64: bool = False
) -> None:
    """Make the stick's network that of `backup`; what the stick held before is gone. `app` is
    connected, its network started or not. The backup that is made of the result is the newest
    of `app.backups`.

    A stick takes over the old one's address (EUI64) where it can. Where it cannot, it keeps its
    own with `allow_new_eui64`: devices then have to be set up again, and some to join again.
    Raises UnsupportedError without that, and BadRequestError for a backup that is incomplete; then
    nothing was written."""
    if not backup.is_complete():
        raise BadRequestError(
            "This backup lacks the network's key, its number or its channel: it cannot be restored."
        )
    old_address = backup.node_info.ieee
    if not await takes_address(app, backup):
        if not allow_new_eui64:
            raise UnsupportedError(
                f"This stick cannot take over the address {backup.node_info.ieee} of the old one."
                " Allow it to keep its own: the devices are then set up again, and some may have to"
                " join again. Newer firmware on the stick may also do."
            )
        backup = _with_own_address(backup)
    counter = backup.network_info.network_key.tx_counter or 0
    await app.backups.restore_backup(
        backup,
        counter_increment=min(COUNTER_STEP, max(0, _LAST_COUNTER - counter)),
        allow_incomplete=True,  # without an address it counts as that
    )
    take_address(app, str(old_address))
    log.info("network written", stick=str(app.state.node_info.ieee))


async def takes_address(app: ControllerApplication, backup: NetworkBackup) -> bool:
    """Whether the stick has the address of `backup`, or can be given it as often as one likes."""
    from zigpy.exceptions import CannotWriteNetworkSettings, DestructiveWriteNetworkSettings

    try:
        return await app.can_write_network_settings(
            network_info=backup.network_info, node_info=backup.node_info
        )
    except (CannotWriteNetworkSettings, DestructiveWriteNetworkSettings) as error:
        log.info("address not writable", reason=str(error))
        return False


def take_address(app: ControllerApplication, old_address: str) -> None:
    """What a stick of another address than the network's last one means: the old one must not be
    taken for it, and the devices report to the old address. What they reported is forgotten, by
    which it is known that they have to be set up; see `pichat.zigbee.arrival.configure`."""
    if str(app.state.node_info.ieee) == old_address:
        return
    _forget_other_coordinators(app)
    from zigpy.device import ZigbeeDevice

    for device in app.devices.values():
        endpoints = device.non_zdo_endpoints if isinstance(device, ZigbeeDevice) else ()
        for cluster in (each for endpoint in endpoints for each in endpoint.in_clusters.values()):
            for name in _reported(cluster.cluster_id):
                if cluster.get(name) is not None:
                    cluster.update_attribute(cluster.find_attribute(name).id, None)


def _reported(cluster_id: int) -> set[str]:
    return {report.attribute for each in converters_of(cluster_id) for report in each.reports}


def _forget_other_coordinators(app: ControllerApplication) -> None:
    for ieee, device in list(app.devices.items()):
        if device.nwk == 0 and ieee != app.state.node_info.ieee:
            app.devices.pop(ieee)
            app.listener_event("device_removed", device)


def _with_own_address(backup: NetworkBackup) -> NetworkBackup:
    """A copy that leaves the address to the stick. The library writes into what it is given."""
    from zigpy.backups import NetworkBackup
    from zigpy.types import EUI64

    return NetworkBackup(
        version=backup.version,
        backup_time=backup.backup_time,
        network_info=backup.network_info.replace(
            tc_link_key=backup.network_info.tc_link_key.replace()
        ),
        node_info=backup.node_info.replace(ieee=EUI64.convert(_NO_ADDRESS)),
    )
