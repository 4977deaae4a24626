"""The map of a network, put together from what its routers told."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import structs

from pichat.zigbee.care.asking import Known, type_of, words
from pichat.zigbee.care.tables import Tables
from pichat.zigbee.care.types import MapLink, MapNode, MapRoute, NodeType

_PARENT, _CHILD = 0, 1
_UNKNOWN_DEPTH = 15
_TYPES: tuple[NodeType, ...] = ("coordinator", "router", "end_device", "unknown")


def neighbour_type(entry: Any) -> NodeType:
    return _TYPES[min(int(entry.device_type), 3)]


def nodes_and_links(
    known: Iterable[Known], tables: Mapping[str, Tables]
) -> tuple[tuple[MapNode, ...], tuple[MapLink, ...]]:
    """Every device that is known here or heard by a router; `tables` by the router's id."""
    nodes = {each.id: _node(each, tables.get(each.id)) for each in known}
    for table in tables.values():
        for entry in table.neighbours:
            nodes.setdefault(str(entry.ieee), _stranger(entry))
    links = _links(tables)
    parents = _parents(tables)
    depths = _hops(nodes, links, parents)
    for link in sorted(links, key=_strength, reverse=True):
        for near, far in ((link.a, link.b), (link.b, link.a)):
            if near in depths and far in depths and depths[far] == depths[near] + 1:
                parents.setdefault(far, near)
    placed = (
        structs.replace(node, depth=depths.get(node.id), parent_id=parents.get(node.id))
        for node in nodes.values()
    )
    order = {"coordinator": 0, "router": 1, "end_device": 2, "unknown": 3}
    return tuple(sorted(placed, key=lambda n: (order[n.type], n.name.casefold(), n.id))), links


def routes_of(source: str, entries: Iterable[Any], ids: Mapping[int, str]) -> tuple[MapRoute, ...]:
    """`ids`: the devices' ids by network address."""

    def name(address: int) -> str:
        return ids.get(address, f"{address:#06x}")

    return tuple(
        MapRoute(
            source=source,
            destination=name(int(entry.DstNWK)),
            next_hop=name(int(entry.NextHop)),
            status=words(entry.RouteStatus),
        )
        for entry in entries
    )


def _node(known: Known, table: Tables | None) -> MapNode:
    device = known.zigpy
    return MapNode(
        id=known.id,
        name=known.name,
        area=known.area,
        type=type_of(device),
        network_address=int(device.nwk),
        lqi=None if device.lqi is None else int(device.lqi),
        rssi_dbm=None if device.rssi is None else int(device.rssi),
        last_seen_s=device.last_seen,
        sleepy=known.sleepy,
        error=table.error if table else None,
    )


def _stranger(entry: Any) -> MapNode:
    return MapNode(
        id=str(entry.ieee),
        name=f"unknown device {entry.ieee}",
        area=None,
        type=neighbour_type(entry),
        network_address=int(entry.nwk),
    )


def _links(tables: Mapping[str, Tables]) -> tuple[MapLink, ...]:
    """One for each pair, whichever of the two told it."""
    found: dict[frozenset[str], MapLink] = {}
    for teller, table in tables.items():
        for entry in table.neighbours:
            other = str(entry.ieee)
            if other == teller:
                continue
            pair = frozenset((teller, other))
            lqi = int(entry.lqi)
            if pair in found:
                found[pair] = structs.replace(found[pair], lqi_b=lqi)
                continue
            depth = int(entry.depth)
            found[pair] = MapLink(
                a=teller,
                b=other,
                lqi_a=lqi,
                lqi_b=None,
                relation=words(entry.relationship),
                depth=depth if depth < _UNKNOWN_DEPTH else None,
            )
    return tuple(found.values())


def _parents(tables: Mapping[str, Tables]) -> dict[str, str]:
    """Whose child each is, as one of the two told."""
    parents: dict[str, str] = {}
    for teller, table in tables.items():
        for entry in table.neighbours:
            if int(entry.relationship) == _CHILD and neighbour_type(entry) == "end_device":
                parents[str(entry.ieee)] = teller
            elif int(entry.relationship) == _PARENT and neighbour_type(entry) != "coordinator":
                parents.setdefault(teller, str(entry.ieee))
    return parents


def _hops(
    nodes: Mapping[str, MapNode], links: Iterable[MapLink], parents: Mapping[str, str]
) -> dict[str, int]:
    """How many links each is away from the coordinator. End devices do not relay."""
    beside: dict[str, set[str]] = {}
    for link in links:
        for one, other in ((link.a, link.b), (link.b, link.a)):
            if parents.get(other, one) == one:
                beside.setdefault(one, set()).add(other)
    start = next((node.id for node in nodes.values() if node.type == "coordinator"), None)
    depths: dict[str, int] = {} if start is None else {start: 0}
    waiting = deque(depths)
    while waiting:
        here = waiting.popleft()
        if nodes[here].type == "end_device":
            continue
        for other in sorted(beside.get(here, ())):
            if other not in depths:
                depths[other] = depths[here] + 1
                waiting.append(other)
    return depths


def _strength(link: MapLink) -> int:
    return max(link.lqi_a or 0, link.lqi_b or 0)
