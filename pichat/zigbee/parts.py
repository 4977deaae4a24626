"""Devices with several of the same: which endpoints are things of their own to people."""

from __future__ import annotations

from collections.abc import Sequence

from pichat.zigbee.air import Port
from pichat.zigbee.converter import REGISTRY


def part_id(device_id: str, endpoint: int) -> str:
    """The id of a part: the device's own, and the endpoint."""
    return f"{device_id}/{endpoint}"


def endpoints_apart(ports: Sequence[Port]) -> tuple[int, ...]:
    """The endpoints that offer what an earlier one of the device offers already, where that is
    `Converter.apart`: the second gang of a switch, the second socket of a plug, in order."""
    found: dict[int, None] = {}
    for (_, cluster_id), converter in REGISTRY.items():
        if not converter.apart:
            continue
        having = sorted(
            port.cluster.endpoint.endpoint_id
            for port in ports
            if port.cluster.cluster_id == cluster_id and converter.present(port)
        )
        found.update(dict.fromkeys(having[1:]))
    return tuple(sorted(found))
