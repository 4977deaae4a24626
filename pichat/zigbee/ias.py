"""What converters of the IAS Zone cluster share: enrolment, and notifications as state."""

from __future__ import annotations

from typing import Any, ClassVar

from pichat.events import Capability, State
from pichat.zigbee.converter import Attributes, Cluster, Converter, Report

_ALARM = 0x0001 | 0x0002
_ZONE_STATUS = 0x0002  # attribute
_STATUS_CHANGE, _ENROLL = 0x00, 0x01  # commands from the device
_ZONE_ID = 0
_NO_SENSORS = frozenset({None, 0x010F, 0x0115, 0x021D, 0x0225, 0x0229, 0xFFFF})
"""Zone types of what has nothing to sense: remotes, sirens, repeaters, and what is not known."""


class _Notifications:
    """A zigpy cluster listener."""

    def __init__(self, cluster: Any) -> None:
        self._cluster = cluster

    def cluster_command(self, tsn: int, command_id: int, arguments: Any) -> None:
        del tsn
        if command_id == _STATUS_CHANGE:
            self._cluster.update_attribute(_ZONE_STATUS, arguments.zone_status)
        elif command_id == _ENROLL:
            response = self._cluster.enroll_response(enroll_response_code=0, zone_id=_ZONE_ID)
            self._cluster.create_catching_task(response)


class IasStatus(Converter):
    """`bits` of a zone's status; any of them makes the state true."""

    bits: ClassVar[int]
    cluster_id = 0x0500
    reports = (Report(attribute="zone_status", configure=False),)
    described_by = ("zone_type",)

    def present(self, attributes: Attributes) -> bool:
        return attributes.get("zone_type") not in _NO_SENSORS

    def capability(self, attributes: Attributes) -> Capability:
        del attributes
        return Capability(name=self.name)

    def decode(self, attributes: Attributes) -> State | None:
        status = attributes.get("zone_status")
        return None if status is None else bool(int(status) & self.bits)

    def listener(self, cluster: Any) -> object | None:
        return _Notifications(cluster)


class IasZone(IasStatus):
    """A zone of `zone_types`; its alarm bits are the state."""

    zone_types: ClassVar[frozenset[int]]
    bits = _ALARM

    def present(self, attributes: Attributes) -> bool:
        return attributes.get("zone_type") in self.zone_types

    async def set_up(self, cluster: Cluster, coordinator: Any) -> None:
        """Enrol: devices differ in whether they ask for it or wait to be told, so it is told."""
        await cluster.write({"cie_addr": coordinator})
        await cluster.command("enroll_response", enroll_response_code=0, zone_id=_ZONE_ID)
