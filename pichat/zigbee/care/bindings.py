"""Bindings: to whom a device's clusters talk by themselves."""

from __future__ import annotations

from functools import partial
from typing import Any

from pichat.errors import BadRequestError, UnsupportedError
from pichat.zigbee.care.asking import Directory, Known, ask
from pichat.zigbee.care.places import Named, cluster_name, cluster_number
from pichat.zigbee.care.types import Binding, Bindings
from pichat.zigbee.link import Link
from pichat.zigbee.stick.radio import Session

_TO_GROUP, _TO_ENDPOINT = 1, 3
_MOST_ENTRIES = 256
_GROUPS = range(1, 0xFFF8)


class BindingTable:
    """Raise NotFoundError, BadRequestError, UnsupportedError with the device's own status in
    words, DeviceSilentError and UnavailableError. A target is a device, “coordinator”, or a
    group's number."""

    def __init__(self, directory: Directory, link: Link) -> None:
        self._directory = directory
        self._link = link

    async def entries(self, wanted: str) -> Bindings:
        """The device's table, asked now."""
        async with self._link.under_way() as session:
            known = self._directory.find(session, wanted)
            entries = await self._read(session, known)
            names = {each.id: each.name for each in self._directory.all(session)}
        return Bindings(
            device_id=known.id,
            name=known.name,
            bindings=tuple(_binding(entry, names) for entry in entries),
        )

    async def bind(
        self, wanted: str, cluster: Named, target: str | int, *, endpoint: int | None = None
    ) -> Bindings:
        """Add a binding; the table afterwards."""
        await self._change("Bind_req", wanted, cluster, target, endpoint)
        return await self.entries(wanted)

    async def unbind(
        self, wanted: str, cluster: Named, target: str | int, *, endpoint: int | None = None
    ) -> Bindings:
        """Take a binding away; the table afterwards."""
        await self._change("Unbind_req", wanted, cluster, target, endpoint)
        return await self.entries(wanted)

    async def _change(
        self,
        request: str,
        wanted: str,
        cluster: Named,
        target: str | int,
        endpoint: int | None,
    ) -> None:
        async with self._link.under_way() as session:
            known = self._directory.find(session, wanted)
            number = cluster_number(cluster)
            source, is_server = _source(known, number, endpoint)
            address = self._address(session, number, target, is_server=is_server)
            send: Any = getattr(known.zigpy.zdo, request)
            (status,) = await ask(
                session,
                known,
                lambda options: send(known.zigpy.ieee, source, number, address, **options),
            )
            if status != 0:
                raise known.refused(status)

    def _address(
        self, session: Session, cluster: int, target: str | int, *, is_server: bool
    ) -> Any:
        from zigpy.zdo.types import MultiAddress

        if isinstance(target, int):
            if target not in _GROUPS:
                raise BadRequestError(f"Groups go from {_GROUPS[0]} to {_GROUPS[-1]}.")
            return MultiAddress(addrmode=_TO_GROUP, nwk=target)
        other = self._directory.find(session, target)
        if int(other.zigpy.nwk) == 0:
            endpoint = session.app.get_endpoint_id(cluster, is_server)
        else:
            endpoint = _target_endpoint(other, cluster, is_server=is_server)
        return MultiAddress(addrmode=_TO_ENDPOINT, ieee=other.zigpy.ieee, endpoint=endpoint)

    async def _read(self, session: Session, known: Known) -> list[Any]:
        entries: list[Any] = []
        request: Any = known.zigpy.zdo.Mgmt_Bind_req
        while len(entries) < _MOST_ENTRIES:
            page = partial(request, len(entries))
            status, total, _, part = await ask(session, known, lambda options: page(**options))  # noqa: B023
            if status != 0:
                raise known.refused(status)
            entries += part
            if not part or len(entries) >= total:
                break
        return entries


def _source(known: Known, cluster: int, endpoint: int | None) -> tuple[int, bool]:
    """The endpoint that has the cluster, and whether as its server. One that sends commands (a
    client) comes first: that is what is usually bound."""
    for side, is_server in (("out_clusters", False), ("in_clusters", True)):
        for one in known.zigpy.non_zdo_endpoints:
            if cluster in getattr(one, side) and endpoint in (None, one.endpoint_id):
                return int(one.endpoint_id), is_server
    where = f" on endpoint {endpoint}" if endpoint is not None else ""
    raise UnsupportedError(f"The {known.name} has no {cluster_name(cluster)} cluster{where}.")


def _target_endpoint(other: Known, cluster: int, *, is_server: bool) -> int:
    side = "out_clusters" if is_server else "in_clusters"
    for one in other.zigpy.non_zdo_endpoints:
        if cluster in getattr(one, side):
            return int(one.endpoint_id)
    what = "listens to no" if is_server else "takes no"
    raise UnsupportedError(f"The {other.name} {what} {cluster_name(cluster)} messages.")


def _binding(entry: Any, names: dict[str, str]) -> Binding:
    address = entry.DstAddress
    to_group = int(address.addrmode) == _TO_GROUP
    target = None if to_group else str(address.ieee)
    return Binding(
        endpoint=int(entry.SrcEndpoint),
        cluster_id=int(entry.ClusterId),
        cluster=cluster_name(int(entry.ClusterId)),
        target_id=target,
        target_name=None if target is None else names.get(target),
        target_endpoint=None if to_group else int(address.endpoint),
        group=int(address.nwk) if to_group else None,
    )
