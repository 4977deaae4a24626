"""What network this is, on which stick, and how much is going on in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from pichat.zigbee.care.asking import Directory, type_of
from pichat.zigbee.care.types import NetworkMap, NetworkStatus, Stick, Traffic
from pichat.zigbee.link import Link
from pichat.zigbee.roster import Roster

_BUFFERS = "EZSP_FREE_BUFFERS"
_EZSP_COUNTERS = "ezsp_counters"


class Status:
    """The stick's counters are those that the heartbeat read last, some seconds ago."""

    def __init__(
        self,
        directory: Directory,
        roster: Roster,
        link: Link,
        last_map: Callable[[], NetworkMap | None],
    ) -> None:
        self._directory = directory
        self._roster = roster
        self._link = link
        self._last_map = last_map

    def network(self) -> NetworkStatus:
        """Raises UnavailableError."""
        session = self._link.open()
        state = session.app.state
        types = Counter(type_of(each.zigpy) for each in self._directory.all(session))
        counters = counters_of(session.app)
        return NetworkStatus(
            channel=int(state.network_info.channel),
            pan_id=int(state.network_info.pan_id),
            extended_pan_id=str(state.network_info.extended_pan_id),
            coordinator_id=str(state.node_info.ieee),
            network_update_id=int(state.network_info.nwk_update_id),
            stick=stick_of(session.app),
            devices=sum(types.values()) - types["coordinator"],
            routers=types["router"],
            end_devices=types["end_device"],
            unavailable=sum(not device.available for device in self._roster.devices()),
            traffic=Traffic(
                frames_sent=counters.get("MAC_TX_UNICAST_SUCCESS", 0),
                frames_retried=counters.get("MAC_TX_UNICAST_RETRY", 0),
                frames_failed=counters.get("MAC_TX_UNICAST_FAILED", 0),
                messages_sent=counters.get("APS_DATA_TX_UNICAST_SUCCESS", 0),
                messages_retried=counters.get("APS_DATA_TX_UNICAST_RETRY", 0),
                messages_failed=counters.get("APS_DATA_TX_UNICAST_FAILED", 0),
                channel_busy=counters.get("PHY_CCA_FAIL_COUNT", 0),
            ),
            map=self._last_map(),
        )


def stick_of(app: Any) -> Stick:
    node = app.state.node_info
    ezsp = getattr(getattr(app, "_ezsp", None), "ezsp_version", None)
    return Stick(
        manufacturer=node.manufacturer,
        board=node.model,
        firmware=node.version,
        ezsp_version=None if ezsp is None else int(ezsp),
        free_buffers=counters_of(app).get(_BUFFERS),
    )


def counters_of(app: Any) -> dict[str, int]:
    """The stick's own counters by the names of the EZSP; none for other kinds of stick."""
    if _EZSP_COUNTERS not in app.state.counters:
        return {}
    group = app.state.counters[_EZSP_COUNTERS]
    return {str(name): int(counter) for name, counter in group.items()}
