"""On/off (ZCL 8, section 3.8), and the client side of a remote control."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from pichat.simulator.node.cluster import (
    Attribute,
    Cluster,
    Outcome,
    Quantity,
    Request,
    Status,
    command,
    need_bool,
)
from pichat.simulator.node.types import Type
from pichat.simulator.wire.codec import Reader, u8

ON, ON_TIME, OFF_WAIT, START_UP = 0x0000, 0x4001, 0x4002, 0x4003
TOGGLED, AS_BEFORE = 0x02, 0xFF


class OnOff(Cluster):
    id: ClassVar[int] = 0x0006
    attributes = (
        Attribute(ON, Type.BOOL, False),
        Attribute(0x4000, Type.BOOL, True, reportable=False),
        Attribute(ON_TIME, Type.UINT16, 0, writable=True, reportable=False),
        Attribute(OFF_WAIT, Type.UINT16, 0, writable=True, reportable=False),
        Attribute(START_UP, Type.ENUM8, AS_BEFORE, writable=True, reportable=False),
    )

    def set_up(self) -> None:
        self._cancel_timer: Callable[[], None] | None = None

    def power_up(self) -> None:
        chosen = self.number(START_UP)
        if chosen != AS_BEFORE:
            self.switch(not self.is_on if chosen == TOGGLED else bool(chosen))

    @property
    def is_on(self) -> bool:
        return bool(self.values[ON])

    def switch(self, on: bool) -> None:
        if self._cancel_timer is not None:
            self._cancel_timer()
            self._cancel_timer = None
        self.set(ON, on)
        for beside in self.host.servers_beside(self):
            beside.switched(on)

    @command(0x00)
    def off(self, _: Request) -> Outcome:
        self.switch(False)
        return Status.SUCCESS

    @command(0x01)
    def on(self, _: Request) -> Outcome:
        self.switch(True)
        return Status.SUCCESS

    @command(0x02)
    def toggle(self, _: Request) -> Outcome:
        self.switch(not self.is_on)
        return Status.SUCCESS

    @command(0x40)
    def off_with_effect(self, request: Request) -> Outcome:
        request.fields.take(2)
        self.switch(False)
        return Status.SUCCESS

    @command(0x41)
    def on_with_recall(self, _: Request) -> Outcome:
        self.switch(True)
        return Status.SUCCESS

    @command(0x42)
    def on_with_timed_off(self, request: Request) -> Outcome:
        only_when_on, tenths = request.fields.u8() & 1, request.fields.u16()
        request.fields.u16()
        if only_when_on and not self.is_on:
            return Status.SUCCESS
        self.switch(True)
        if tenths not in (0, 0xFFFF):
            self._cancel_timer = self.host.later(tenths / 10, lambda: self.switch(False))
        return Status.SUCCESS

    def quantities(self) -> dict[str, Quantity]:
        return {"on": Quantity("", lambda: self.is_on, self._put)}

    def _put(self, value: Any) -> None:
        self.switch(need_bool(value))

    def press(self) -> bool:
        self.switch(not self.is_on)
        return True

    def scene(self) -> bytes:
        return u8(self.is_on)

    def recall(self, stored: Reader, transition_s: float) -> None:  # noqa: ARG002
        self.switch(bool(stored.u8()))


class OnOffClient(Cluster):
    """A remote: pressing it sends Toggle to whatever it is bound to."""

    id: ClassVar[int] = 0x0006

    def press(self) -> bool:
        self.host.command(self, 0x02, b"")
        return True
