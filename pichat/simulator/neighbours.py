"""Whom a device of the mesh has in its neighbour table, and how well it hears each."""

from __future__ import annotations

from pichat.simulator.node import aps, zdo
from pichat.simulator.node.device import Device
from pichat.simulator.radio import Radio

COORDINATOR = "coordinator"
PARENT, CHILD, SIBLING = 0, 1, 2
COORDINATOR_NODE, ROUTER, END_DEVICE = 0, 1, 2


def neighbours_of(device: Device, radio: Radio, coordinator: bytes) -> list[zdo.Neighbour]:
    """Its parent first; a router has its children, and the routers in its reach, besides.
    `coordinator` is the stick's long address."""
    found = [_parent(device, radio, coordinator)]
    if not device.identity.router:
        return found
    own_id = device.identity.id
    if device.link.parent is not None and COORDINATOR in device.link.hears:
        found.append(_coordinator(coordinator, SIBLING, device.link.hears[COORDINATOR]))
    for other in radio.members.values():
        if other is device or other.identity.id == device.link.parent:
            continue
        if other.link.parent == own_id:
            found.append(_node(other, CHILD, other.link.lqi))
        elif other.identity.router and (lqi := _between(device, other)):
            found.append(_node(other, SIBLING, lqi))
    return found


def _between(one: Device, other: Device) -> int:
    """The quality of the link between two routers; 0: they do not hear each other. Those that
    declare nobody whom they hear are in reach of all their like."""
    mine, theirs = one.link, other.link
    if not mine.hears and not theirs.hears:
        return min(mine.lqi, theirs.lqi)
    heard = [mine.hears.get(other.identity.id), theirs.hears.get(one.identity.id)]
    return max((lqi for lqi in heard if lqi is not None), default=0)


def _parent(device: Device, radio: Radio, coordinator: bytes) -> zdo.Neighbour:
    relay = radio.house.get(device.link.parent or "")
    if relay is None:
        return _coordinator(coordinator, PARENT, device.link.lqi)
    return _node(relay, PARENT, device.link.lqi)


def _coordinator(eui64: bytes, relation: int, lqi: int) -> zdo.Neighbour:
    return zdo.Neighbour(eui64, aps.COORDINATOR, COORDINATOR_NODE, True, relation, lqi)


def _node(device: Device, relation: int, lqi: int) -> zdo.Neighbour:
    who = device.identity
    kind = ROUTER if who.router else END_DEVICE
    return zdo.Neighbour(device.eui64, device.address, kind, who.rx_on, relation, lqi)
