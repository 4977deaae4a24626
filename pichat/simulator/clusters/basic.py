"""Basic and Identify: what nearly every device has."""

from __future__ import annotations

from typing import ClassVar

from pichat.simulator.node.cluster import (
    Answer,
    Attribute,
    Cluster,
    Outcome,
    Request,
    Status,
    command,
)
from pichat.simulator.node.types import Type, Value
from pichat.simulator.wire.codec import u16

MAINS, BATTERY = 0x01, 0x03


class Basic(Cluster):
    id: ClassVar[int] = 0x0000
    attributes = (
        Attribute(0x0000, Type.UINT8, 8),
        Attribute(0x0001, Type.UINT8, 1),
        Attribute(0x0002, Type.UINT8, 2),
        Attribute(0x0003, Type.UINT8, 1),
        Attribute(0x0004, Type.STRING, ""),
        Attribute(0x0005, Type.STRING, ""),
        Attribute(0x0006, Type.STRING, "20260101"),
        Attribute(0x0007, Type.ENUM8, MAINS),
        Attribute(0x0010, Type.STRING, "", writable=True),
        Attribute(0x0012, Type.BOOL, True, writable=True),
        Attribute(0x4000, Type.STRING, "1.0.0"),
        Attribute(0xFFFD, Type.UINT16, 3),
    )

    def introduce(self, manufacturer: str, model: str, source: int) -> None:
        self.values |= {0x0004: manufacturer, 0x0005: model, 0x0007: source}

    def dump(self) -> dict[str, Value]:
        """Who the device is stands in the house file, not in its memory."""
        return {}

    @command(0x00)
    def reset_to_defaults(self, _: Request) -> Outcome:
        return Status.SUCCESS


class Identify(Cluster):
    id: ClassVar[int] = 0x0003
    attributes = (Attribute(0x0000, Type.UINT16, 0, writable=True, reportable=False),)
    generated = (0x00,)

    @command(0x00)
    def identify(self, request: Request) -> Outcome:
        self.set(0x0000, request.fields.u16())
        return Status.SUCCESS

    @command(0x01)
    def query(self, _: Request) -> Outcome:
        left_s = self.number(0x0000)
        return Answer(0x00, u16(left_s)) if left_s else None

    @command(0x40)
    def trigger_effect(self, request: Request) -> Outcome:
        request.fields.take(2)
        return Status.SUCCESS
