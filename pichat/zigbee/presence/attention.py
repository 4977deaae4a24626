"""What some makers' devices need while the radio is open: to be asked, and to be doubted."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from pichat.errors import BusyError, UnavailableError
from pichat.zigbee.air import Port, RefusedError, SilentError
from pichat.zigbee.roster import Roster
from pichat.zigbee.view import DeviceView

if TYPE_CHECKING:
    from pichat.zigbee.stick.radio import Session
    from pichat.zigbee.tasks import Tasks

_EVERY_S = 60.0
"""How old the power of a plug that does not report it may be."""


class Attention:
    """A follower: reads the clusters that a definition wants polled, one device after the other,
    and lets a state that ends by itself end also when the hub was away meanwhile."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster

    def follow(self, session: Session, tasks: Tasks) -> None:
        for view in self._roster.announced():
            resume(view)
        tasks.spawn(self._poll(session), "poll")

    async def _poll(self, session: Session) -> None:
        while True:
            await asyncio.sleep(_EVERY_S)
            with suppress(UnavailableError):
                async with session.under_way():
                    for view in self._roster.announced():
                        await poll(view)


def resume(view: DeviceView) -> None:
    for endpoint in view.zigpy.non_zdo_endpoints:
        for cluster in endpoint.in_clusters.values():
            again = getattr(cluster, "resume", None)
            if again is not None:
                again()


async def poll(view: DeviceView) -> None:
    """Read what the device does not report. One that does not answer is asked again next time; it
    is not for this to say that it is missing."""
    polled = view.definition.polled if view.definition else frozenset()
    if not polled or not view.online or view.silent:
        return
    for port, attributes in _reported(view, polled).items():
        with suppress(SilentError, RefusedError, BusyError):
            await port.read(attributes)


def _reported(view: DeviceView, clusters: frozenset[int]) -> dict[Port, list[str]]:
    told = view.reported()
    return {port: names for port, names in told.items() if port.cluster.cluster_id in clusters}
