"""What a device remembers over a restart."""

from __future__ import annotations

import msgspec

from pichat.simulator.node import zdo
from pichat.simulator.node.cluster import Cluster
from pichat.simulator.node.device import Device
from pichat.simulator.node.types import Value


class Kept(msgspec.Struct, kw_only=True):
    """`network` names the one that the device belongs to; `attributes` by cluster."""

    address: int
    network: str | None = None
    attributes: dict[str, dict[str, Value]] = {}
    bindings: list[tuple[int, int, int | None, str, int]] = []
    reporting: list[tuple[int, int, int, int, int, float]] = []
    groups: list[tuple[int, int]] = []


def dump(device: Device) -> Kept:
    endpoints = device.endpoints.values()
    return Kept(
        address=device.address,
        network=device.network,
        attributes={
            _key(cluster): kept for cluster in device.clusters() if (kept := cluster.dump())
        },
        bindings=[
            (one.endpoint, one.cluster, one.group, one.eui64.hex(), one.target_endpoint)
            for one in device.bindings
        ],
        reporting=device.reporting.dump(),
        groups=[(one.number, group) for one in endpoints for group in one.groups],
    )


def load(device: Device, kept: Kept) -> None:
    """Brings a new device to where `dump` found it; what no longer exists is skipped."""
    device.address, device.network = kept.address, kept.network
    for cluster in device.clusters():
        cluster.load(kept.attributes.get(_key(cluster), {}))
    for source, cluster_id, group, eui64, target in kept.bindings:
        if source in device.endpoints:
            binding = zdo.Binding(source, cluster_id, group, bytes.fromhex(eui64), target)
            device.bindings.append(binding)
    device.reporting.load(kept.reporting, device.find_server)
    for member, joined in kept.groups:
        if member in device.endpoints:
            device.endpoints[member].groups.add(joined)


def _key(cluster: Cluster) -> str:
    """A cluster's name in the state file."""
    return f"{cluster.endpoint}/{'s' if cluster.is_server else 'c'}/{cluster.id:04x}"
