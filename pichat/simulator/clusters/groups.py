"""Groups (ZCL 8, section 3.6): which multicasts the endpoint listens to."""

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
from pichat.simulator.node.types import Type
from pichat.simulator.wire.codec import u8, u16, u16_list

CAPACITY = 16


class Groups(Cluster):
    id: ClassVar[int] = 0x0004
    attributes = (Attribute(0x0000, Type.BITMAP8, 0, reportable=False),)
    generated = (0x00, 0x01, 0x02, 0x03)

    def lie(self, command: int) -> Outcome:  # noqa: ARG002
        return None

    @property
    def _members(self) -> set[int]:
        return self.host.groups_of(self)

    def _add(self, group: int) -> Status:
        if not 0 < group < 0xFFF8:
            return Status.INVALID_VALUE
        if len(self._members) >= CAPACITY and group not in self._members:
            return Status.INSUFFICIENT_SPACE
        self._members.add(group)
        self.host.changed(self, 0x0000)
        return Status.SUCCESS

    @command(0x00)
    def add(self, request: Request) -> Outcome:
        group = request.fields.u16()
        status = self._add(group)
        return Answer(0x00, u8(status) + u16(group)) if request.unicast else None

    @command(0x01)
    def view(self, request: Request) -> Outcome:
        group = request.fields.u16()
        status = Status.SUCCESS if group in self._members else Status.NOT_FOUND
        return Answer(0x01, u8(status) + u16(group) + u8(0)) if request.unicast else None

    @command(0x02)
    def membership(self, request: Request) -> Outcome:
        asked = [request.fields.u16() for _ in range(request.fields.u8())]
        found = sorted(self._members & set(asked) if asked else self._members)
        if asked and not found and not request.unicast:
            return None
        left = CAPACITY - len(self._members)
        return Answer(0x02, bytes((left, len(found))) + u16_list(found))

    @command(0x03)
    def remove(self, request: Request) -> Outcome:
        group = request.fields.u16()
        status = Status.SUCCESS if group in self._members else Status.NOT_FOUND
        self._members.discard(group)
        self.host.changed(self, 0x0000)
        return Answer(0x03, u8(status) + u16(group)) if request.unicast else None

    @command(0x04)
    def remove_all(self, _: Request) -> Outcome:
        self._members.clear()
        self.host.changed(self, 0x0000)
        return Status.SUCCESS

    @command(0x05)
    def add_if_identifying(self, request: Request) -> Outcome:
        identify = self.host.sibling(self, 0x0003)
        if identify is not None and identify.number(0x0000):
            self._add(request.fields.u16())
        return Status.SUCCESS
