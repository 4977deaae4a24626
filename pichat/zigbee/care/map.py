"""The map of the network: every router is asked whom it hears and how it sends on."""

from __future__ import annotations

import asyncio
import time

from pichat.bus import Bus
from pichat.errors import BusyError, PiChatError, UnsupportedError
from pichat.events import NetworkProgress
from pichat.zigbee.care.asking import Directory, Known, type_of
from pichat.zigbee.care.graph import neighbour_type, nodes_and_links, routes_of
from pichat.zigbee.care.tables import Tables, read_tables
from pichat.zigbee.care.types import Neighbour, Neighbours, NetworkMap
from pichat.zigbee.link import Link
from pichat.zigbee.stick.radio import Session

_AT_ONCE = 4


class Map:
    """`last` is that of the last scan, None before."""

    def __init__(self, directory: Directory, link: Link, bus: Bus) -> None:
        self.last: NetworkMap | None = None
        self._directory = directory
        self._link = link
        self._bus = bus
        self._scanning = False

    async def scan(self) -> NetworkMap:
        """Ask all routers. One that does not answer is shown as such. Raises BusyError while a
        scan is under way, and UnavailableError."""
        if self._scanning:
            raise BusyError("The network is being scanned already.")
        self._scanning = True
        try:
            async with self._link.under_way() as session:
                self.last = await self._scan(session)
        except PiChatError as error:
            self._tell(100, error.sentence)
            raise
        finally:
            self._scanning = False
        self._tell(100)
        return self.last

    async def neighbours(self, wanted: str) -> Neighbours:
        """Whom one device hears. Raises NotFoundError, DeviceSilentError, UnsupportedError for
        one that relays nothing, and UnavailableError."""
        async with self._link.under_way() as session:
            known = self._directory.find(session, wanted)
            if type_of(known.zigpy) == "end_device":
                raise UnsupportedError(self._only_a_parent(known))
            tables = await read_tables(session, known, urgent=True)
            if tables.error is not None and not tables.neighbours:
                raise (
                    known.silent()
                    if tables.error == known.silent().sentence
                    else UnsupportedError(tables.error)
                )
            named = {each.id: each.name for each in self._directory.all(session)}
            ids = _ids(self._directory, session)
        return Neighbours(
            device_id=known.id,
            name=known.name,
            neighbours=tuple(
                Neighbour(
                    id=str(entry.ieee),
                    name=named.get(str(entry.ieee), f"unknown device {entry.ieee}"),
                    type=neighbour_type(entry),
                    relation=entry.relationship.name.lower(),
                    lqi=int(entry.lqi),
                    depth=int(entry.depth),
                )
                for entry in sorted(tables.neighbours, key=lambda one: -int(one.lqi))
            ),
            routes=routes_of(known.id, tables.routes, ids),
        )

    def _only_a_parent(self, known: Known) -> str:
        text = f"The {known.name} relays for nobody and hears only its parent"
        if self.last is None:
            return f"{text}; a scan of the network tells which that is."
        by_id = {node.id: node for node in self.last.nodes}
        node = by_id.get(known.id)
        if node is None or node.parent_id not in by_id:
            return f"{text}, which the last scan did not find."
        return f"{text}, the {by_id[node.parent_id].name}."

    async def _scan(self, session: Session) -> NetworkMap:
        start_s = time.monotonic()
        everyone = list(self._directory.all(session))
        routers = [each for each in everyone if type_of(each.zigpy) in ("coordinator", "router")]
        tables: dict[str, Tables] = {}
        slots = asyncio.Semaphore(_AT_ONCE)
        self._tell(0)

        async def one(known: Known) -> None:
            async with slots:
                tables[known.id] = await read_tables(session, known)
            self._tell(100 * len(tables) / (len(routers) + 1))

        await asyncio.gather(*(one(each) for each in routers))
        # zigpy tells parents by these that a child is to be let go.
        for known in routers:
            session.app.topology.neighbors[known.zigpy.ieee] = tables[known.id].neighbours
        nodes, links = nodes_and_links(everyone, {each.id: tables[each.id] for each in routers})
        ids = _ids(self._directory, session)
        return NetworkMap(
            scanned_s=time.time(),
            duration_s=round(time.monotonic() - start_s, 2),
            nodes=nodes,
            links=links,
            routes=tuple(
                route
                for each in routers
                for route in routes_of(each.id, tables[each.id].routes, ids)
            ),
        )

    def _tell(self, percent: float, error: str | None = None) -> None:
        done = percent >= 100
        self._bus.publish(
            NetworkProgress(work="map", percent=round(percent, 1), done=done, error=error)
        )


def _ids(directory: Directory, session: Session) -> dict[int, str]:
    return {int(each.zigpy.nwk): each.id for each in directory.all(session)}
