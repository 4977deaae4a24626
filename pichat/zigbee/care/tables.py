"""The neighbour and routing tables of one router, as it tells them (Zigbee r22, 2.4.3.3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pichat.errors import DeviceSilentError, UnsupportedError
from pichat.zigbee.care.asking import Known, ask
from pichat.zigbee.stick.radio import Session

_MOST_ENTRIES = 256
_NOBODY = frozenset({"00:00:00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff:ff:ff"})
_INACTIVE = 3


@dataclass(slots=True)
class Tables:
    """`neighbours` and `routes` are zigpy's entries. `error`: why they are not complete."""

    neighbours: list[Any] = field(default_factory=list)
    routes: list[Any] = field(default_factory=list)
    error: str | None = None


async def read_tables(session: Session, known: Known, *, urgent: bool = False) -> Tables:
    """What the router told; never raises for a router that fails, only UnavailableError."""
    tables = Tables()
    zdo: Any = known.zigpy.zdo
    network = session.app.state.network_info.extended_pan_id
    try:
        found = await _whole(
            session, known, zdo.Mgmt_Lqi_req, "NeighborTableList", tables.neighbours, urgent=urgent
        )
        tables.neighbours = [
            one for one in found if one.extended_pan_id == network and str(one.ieee) not in _NOBODY
        ]
        found = await _whole(
            session, known, zdo.Mgmt_Rtg_req, "RoutingTableList", tables.routes, urgent=urgent
        )
        tables.routes = [one for one in found if one.RouteStatus != _INACTIVE]
    except (DeviceSilentError, UnsupportedError) as error:
        tables.error = error.sentence
    return tables


async def _whole(
    session: Session,
    known: Known,
    request: Callable[..., Any],
    field_name: str,
    entries: list[Any],
    *,
    urgent: bool,
) -> list[Any]:
    """A table page by page, into `entries`; a table that changes meanwhile ends it."""
    while len(entries) < _MOST_ENTRIES:
        start = len(entries)
        status, page = await ask(
            session,
            known,
            lambda options, start=start: request(start, **options),  # type: ignore[misc]
            urgent=urgent,
        )
        if status != 0 or page is None:
            raise known.refused(status)
        part = getattr(page, field_name)
        entries.extend(part)
        if not part or len(entries) >= page.Entries:
            break
    return entries
