"""How a kind of device is declared, and how one is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pichat.simulator.clusters.basic import BATTERY, MAINS, Basic
from pichat.simulator.node.cluster import Cluster
from pichat.simulator.node.device import Device
from pichat.simulator.node.parts import Endpoint

MANUFACTURER = "PiChat Simulated"
Option = type[float] | type[str]


@dataclass(frozen=True)
class EndpointPlan:
    """`device_id` is the profile's device type; the clusters stand in descriptor order."""

    number: int
    device_id: int
    servers: tuple[type[Cluster], ...]
    clients: tuple[type[Cluster], ...] = ()


@dataclass(frozen=True)
class Kind:
    """A kind of device. `plan` gets the house file's options for it.

    mains: else battery. router: relays for others. rx_on: listens between its own messages.
    manufacturer_code: of the node descriptor.
    """

    name: str
    model: str
    plan: Callable[[Mapping[str, Any]], tuple[EndpointPlan, ...]]
    mains: bool = True
    router: bool = True
    rx_on: bool = True
    options: dict[str, Option] = field(default_factory=dict)
    manufacturer: str = MANUFACTURER
    manufacturer_code: int = 0x1289


KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    if kind.name in KINDS:
        raise TypeError(f"the kind {kind.name!r} is registered twice")
    KINDS[kind.name] = kind


def one_endpoint(
    device_id: int, *servers: type[Cluster], clients: tuple[type[Cluster], ...] = ()
) -> Callable[[Mapping[str, Any]], tuple[EndpointPlan, ...]]:
    """A plan with endpoint 1 alone."""
    return lambda _: (EndpointPlan(1, device_id, servers, clients),)


def build_clusters(device: Device, kind: Kind) -> None:
    """Puts the kind's endpoints and clusters into a new device."""
    for plan in kind.plan(device.options):
        endpoint = Endpoint(plan.number, plan.device_id)
        device.endpoints[plan.number] = endpoint
        for made in plan.servers:
            endpoint.servers[made.id] = made(device, plan.number)
        for made in plan.clients:
            endpoint.clients[made.id] = made(device, plan.number, is_server=False)
        basic = endpoint.servers.get(Basic.id)
        if isinstance(basic, Basic):
            source = MAINS if kind.mains else BATTERY
            basic.introduce(device.identity.manufacturer, device.identity.model, source)
