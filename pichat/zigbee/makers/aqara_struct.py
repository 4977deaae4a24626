"""What Aqara and Xiaomi devices tell of themselves about once an hour, in one attribute.

Older ones use attribute 0xFF01 of the Basic cluster, newer ones 0x00F7 of the cluster 0xFCC0. The
value is a list of (tag, ZCL data type, value); it is the only way by which they tell their battery.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import zigpy.types as t
from zigpy.zcl import Cluster, foundation
from zigpy.zcl.clusters.general import Basic

from pichat.zigbee.local import BATTERY, LocalBattery, Made, attribute

CODE = 0x115F
"""Xiaomi's (Lumi's) manufacturer code."""

_VOLTAGE = 0x01
_EMPTY_MV, _FULL_MV = 2850, 3000
"""Between these, a lithium coin cell is told as 0 to 100 %."""


def tags_of(value: Any) -> dict[int, Any]:
    """The values by tag, as far as they can be read. The older devices call the list a text."""
    raw = value if isinstance(value, bytes) else getattr(value, "raw", b"")
    data = bytes(raw) if isinstance(raw, bytes) else b""
    found: dict[int, Any] = {}
    while len(data) > 2:
        try:
            one, rest = foundation.TypeValue.deserialize(data[1:])
        except (ValueError, KeyError):
            break
        found[data[0]], data = one.value, rest
    return found


def half_percents(millivolts: int) -> int:
    """A battery's charge as the cluster library counts it."""
    share = (millivolts - _EMPTY_MV) / (_FULL_MV - _EMPTY_MV)
    return round(min(max(share, 0.0), 1.0) * 200)


class _Told(Made):
    """A cluster with such a list in the attribute `list_id`. `more` says which other cluster gets
    the value of a tag: (cluster, attribute, how to count it)."""

    list_id: ClassVar[int]
    more: ClassVar[Mapping[int, tuple[int, str, Callable[[Any], Any]]]] = MappingProxyType({})

    def heard(self, attribute: int, value: Any) -> Any:
        if attribute != self.list_id:
            return value
        tags = tags_of(value)
        servers = self.endpoint.in_clusters
        if _VOLTAGE in tags and isinstance(servers.get(BATTERY), LocalBattery):
            percents = half_percents(int(tags[_VOLTAGE]))
            self.tell(BATTERY, "battery_percentage_remaining", percents)
        for tag, (cluster_id, name, count) in self.more.items():
            if tag in tags:
                self.tell(cluster_id, name, count(tags[tag]))
        return None


class AqaraBasic(_Told, Basic):
    list_id = 0xFF01


class AqaraOwn(_Told, Cluster):
    """The cluster of the newer devices."""

    cluster_id = t.uint16_t(0xFCC0)  # type: ignore[no-untyped-call]
    ep_attribute = "aqara"
    list_id = 0x00F7
    manufacturer_id_override = t.uint16_t(CODE)  # type: ignore[no-untyped-call]

    class AttributeDefs(foundation.BaseAttributeDefs):
        mode = attribute(0x0009, t.uint8_t)
