"""Tuya's own protocol: data points on the cluster 0xEF00.

A Tuya device of model TS0601 is a Zigbee module beside a microcontroller, and the cluster is their
serial protocol: a sequence number, then (data point, type, length, value), big-endian. What a data
point means differs by manufacturer; a definition says it once, for both directions.
Source: Tuya's public documentation of the serial protocol for Zigbee modules.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

import zigpy.types as t
from zigpy.zcl import Cluster, foundation
from zigpy.zcl.clusters.general import Basic

from pichat.zigbee.definition import Reach
from pichat.zigbee.local import Local, Made

MCU = 0xEF00
BOOL, VALUE, TEXT, ENUM, BITS = 1, 2, 3, 4, 5
_SET = 0x00
_TOLD = (0x01, 0x02, 0x05, 0x06)  # an answer, a report, and two more forms of report
_TIME = 0x24


class Point(NamedTuple):
    """A data point's value goes to `attribute` of a local cluster, counted by `read`."""

    cluster_id: int
    attribute: str
    read: Callable[[Any], Any] = int


def points_of(payload: bytes) -> dict[int, Any]:
    """The data points of a message, as far as it is whole. Numbers are signed."""
    found: dict[int, Any] = {}
    rest = payload[2:]
    while len(rest) >= 4:
        point, kind, length = rest[0], rest[1], int.from_bytes(rest[2:4], "big")
        value, rest = rest[4 : 4 + length], rest[4 + length :]
        if len(value) < length:
            break
        if kind == TEXT:
            found[point] = value.decode("utf-8", "replace")
        elif kind in (BOOL, VALUE, ENUM, BITS):
            found[point] = int.from_bytes(value, "big", signed=kind == VALUE)
        else:
            found[point] = value
    return found


def packed(sequence: int, point: int, kind: int, value: int) -> bytes:
    data = value.to_bytes(4 if kind == VALUE else 1, "big", signed=kind == VALUE)
    head = sequence.to_bytes(2, "big") + bytes((point, kind)) + len(data).to_bytes(2, "big")
    return head + data


class _Bytes(bytes):
    """A payload that is all that is left of a frame."""

    def serialize(self) -> bytes:
        return bytes(self)

    @classmethod
    def deserialize(cls, data: bytes) -> tuple[_Bytes, bytes]:
        return cls(data), b""


def _with_payload(number: int) -> foundation.ZCLCommandDef:
    schema: Any = {"payload": _Bytes}
    return foundation.ZCLCommandDef(id=t.uint8_t(number), schema=schema)  # type: ignore[no-untyped-call]


class TuyaMcu(Made, Cluster):
    """Subclasses give the `points` of their devices."""

    cluster_id = t.uint16_t(MCU)  # type: ignore[no-untyped-call]
    ep_attribute = "tuya_mcu"
    points: ClassVar[Mapping[int, Point]] = MappingProxyType({})
    _sequence = 0

    class ServerCommandDefs(foundation.BaseCommandDefs):
        set_points = _with_payload(_SET)
        set_time = _with_payload(_TIME)

    def handle_cluster_request(self, hdr: Any, args: Any, **more: Any) -> None:
        payload = args if isinstance(args, bytes) else b""
        if hdr.command_id in _TOLD:
            self.take(payload)
        elif hdr.command_id == _TIME:
            self.create_catching_task(self._tell_time())
            return  # the time is the answer
        super().handle_cluster_request(hdr, args, **more)

    def take(self, payload: bytes) -> None:
        for number, value in points_of(payload).items():
            if (point := self.points.get(number)) is None:
                continue
            if (counted := point.read(value)) is not None:
                self.tell(point.cluster_id, point.attribute, counted)

    async def send(self, point: int, kind: int, value: int, options: Mapping[str, Any]) -> None:
        """Ask for a data point's value. Raises what zigpy raises when no answer comes."""
        self._sequence = (self._sequence + 1) % 0x10000
        payload = _Bytes(packed(self._sequence, point, kind, value))
        reply = await self.command(_SET, payload=payload, **options)
        if isinstance(reply, bytes):  # it answered with its new state, which zigpy took as reply
            self.take(reply)

    async def _tell_time(self) -> None:
        """Seconds since 1970: of the world, and of the place where the device is."""
        now_s = int(time.time())
        offset = datetime.fromtimestamp(now_s).astimezone().utcoffset()
        local_s = now_s + int(offset.total_seconds()) if offset else now_s
        payload = (8).to_bytes(2, "little") + now_s.to_bytes(4, "big") + local_s.to_bytes(4, "big")
        await self.command(_TIME, payload=_Bytes(payload), expect_reply=False)


class TuyaLocal(Local):
    """A local cluster whose writings and commands become data points."""

    writes: ClassVar[Mapping[str, tuple[int, int, Callable[[Any], int]]]] = MappingProxyType({})
    """By attribute: data point, type, and how to count."""

    def mcu(self) -> TuyaMcu:
        found = self.endpoint.in_clusters[MCU]
        assert isinstance(found, TuyaMcu)  # noqa: S101 -- each definition with one has the other
        return found

    async def wanted(self, attribute: str, value: Any, options: Mapping[str, Any]) -> None:
        point, kind, count = self.writes[attribute]
        await self.mcu().send(point, kind, count(value), options)


class TuyaBasic(Made, Basic):
    """Reads what is asked in one message."""

    async def read_attributes(self, attributes: Any, *args: Any, **options: Any) -> Any:
        return await super().read_attributes(attributes, *args, split_requests=False, **options)


_SPELL = ("manufacturer", "zcl_version", "app_version", "model", "power_source", "reporting_status")


async def spell(reach: Reach) -> None:
    """Tuya's own gateway reads these in one message when a device joins; many devices stay mute,
    or send nothing but steps of a dimmer, until somebody does."""
    if basic := reach(1, 0x0000):
        await basic.read(_SPELL)
