"""A device database made of what another hub knew, written by zigpy itself so that it fits."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pichat.config.types import Zigbee
from pichat.zigbee.backup.database import read_contents
from pichat.zigbee.stick.radio import application

if TYPE_CHECKING:
    from zigpy.application import ControllerApplication
    from zigpy.zdo.types import NodeDescriptor

_BASIC, _MANUFACTURER, _MODEL = 0, "manufacturer", "model"


@dataclass(frozen=True, slots=True)
class KnownEndpoint:
    profile_id: int | None
    device_type: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A device as another hub knew it. Without endpoints it is interviewed when it is heard."""

    id: str
    nwk: int
    router: bool
    battery: bool
    manufacturer_code: int
    manufacturer: str | None
    model: str | None
    last_seen_s: float = 0.0
    endpoints: dict[int, KnownEndpoint] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KnownGroup:
    """`members` are device ids with endpoints."""

    number: int
    name: str
    members: tuple[tuple[str, int], ...]


async def write_database(devices: Iterable[Known], groups: Iterable[KnownGroup]) -> bytes:
    """The content of a zigbee.db with these devices and groups."""
    with tempfile.TemporaryDirectory(prefix="pichat-") as folder:
        path = Path(folder) / "zigbee.db"
        # Nothing is opened but the database.
        async with application(Zigbee(), path) as session:
            for device in devices:
                _add(session.app, device)
            for group in groups:
                _add_group(session.app, group)
        return (await asyncio.to_thread(read_contents, path)).file


def _add(app: ControllerApplication, known: Known) -> None:
    from zigpy import types as t
    from zigpy.device import Status
    from zigpy.endpoint import Status as EndpointStatus

    device = app.add_device(t.EUI64.convert(known.id), t.NWK.convert(f"{known.nwk:04x}"))
    if known.last_seen_s > 0:
        device.last_seen = known.last_seen_s
    device.manufacturer, device.model = known.manufacturer, known.model
    if known.endpoints:
        device.status = Status.ENDPOINTS_INIT
        device.node_desc = _descriptor(known)
    for number, parts in sorted(known.endpoints.items()):
        endpoint = device.add_endpoint(number)
        endpoint.profile_id = parts.profile_id
        endpoint.device_type = parts.device_type  # type: ignore[assignment]
        endpoint.status = EndpointStatus.ZDO_INIT
        for cluster_id in parts.inputs:
            cluster = endpoint.add_input_cluster(cluster_id)
            if cluster_id == _BASIC:
                for name, value in ((_MANUFACTURER, known.manufacturer), (_MODEL, known.model)):
                    if value is not None:
                        cluster.update_attribute(cluster.find_attribute(name).id, value)
        for cluster_id in parts.outputs:
            endpoint.add_output_cluster(cluster_id)
    app.listener_event("raw_device_initialized", device)


def _add_group(app: ControllerApplication, known: KnownGroup) -> None:
    from zigpy import types as t
    from zigpy.device import ZigbeeDevice
    from zigpy.endpoint import Endpoint

    group = app.groups.add_group(known.number, known.name)
    for id_, number in known.members:
        device = app.devices.get(t.EUI64.convert(id_))
        endpoint = device.endpoints.get(number) if isinstance(device, ZigbeeDevice) else None
        if isinstance(endpoint, Endpoint):
            group.add_member(endpoint)


def _descriptor(known: Known) -> NodeDescriptor:
    """What other hubs do not write down is as most devices have it."""
    from zigpy.zdo import types as zdo

    flags = zdo.NodeDescriptor.MACCapabilityFlags
    capabilities = flags.AllocateAddress
    if known.router:
        capabilities |= flags.FullFunctionDevice
    if known.router or not known.battery:
        capabilities |= flags.MainsPowered | flags.RxOnWhenIdle
    kind = zdo.LogicalType.Router if known.router else zdo.LogicalType.EndDevice
    return zdo.NodeDescriptor(  # type: ignore[no-untyped-call]
        logical_type=kind,
        complex_descriptor_available=0,
        user_descriptor_available=0,
        reserved=0,
        aps_flags=0,
        frequency_band=zdo.NodeDescriptor.FrequencyBand.Freq2400MHz,
        mac_capability_flags=capabilities,
        manufacturer_code=known.manufacturer_code,
        maximum_buffer_size=82,
        maximum_incoming_transfer_size=82,
        server_mask=0,
        maximum_outgoing_transfer_size=82,
        descriptor_capability_field=zdo.NodeDescriptor.DescriptorCapability.NONE,
    )
