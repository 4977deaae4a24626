"""Poll control (ZCL 8, section 3.16): a sleepy device checks in, and may be asked to stay awake.

Intervals are quarters of a second. The device's check-ins go to whoever it is bound to; it listens
for CHECK_IN_LISTEN_S after each. With the house option `check_in_s` it begins with that interval.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from pichat.simulator.node.cluster import Attribute, Cluster, Outcome, Request, Status, command
from pichat.simulator.node.types import Type, Value

CHECK_IN, LONG_POLL, SHORT_POLL, FAST_TIMEOUT = 0x0000, 0x0001, 0x0002, 0x0003
LONG_POLL_LEAST, SHORT_POLL_LEAST = 1, 1
CHECK_IN_COMMAND = 0x00
CHECK_IN_LISTEN_S = 2.0
QUARTERS = 4
HOUR = 3600 * QUARTERS
MOST_INTERVAL, MOST_TIMEOUT = 0x6E0000, 0xFFFF


class PollControl(Cluster):
    id: ClassVar[int] = 0x0020
    attributes = (
        Attribute(CHECK_IN, Type.UINT32, HOUR, True, False, 0, MOST_INTERVAL),
        Attribute(LONG_POLL, Type.UINT32, 20, reportable=False),
        Attribute(SHORT_POLL, Type.UINT16, 2, reportable=False),
        Attribute(FAST_TIMEOUT, Type.UINT16, 40, True, False, 1, MOST_TIMEOUT),
        Attribute(0x0004, Type.UINT32, 0, reportable=False),
        Attribute(0x0005, Type.UINT32, LONG_POLL_LEAST, reportable=False),
        Attribute(0x0006, Type.UINT16, 0, reportable=False),
    )
    generated = (CHECK_IN_COMMAND,)

    def set_up(self) -> None:
        self._cancel: Callable[[], None] | None = None
        check_in_s = self.host.options.get("check_in_s")
        if check_in_s is not None:
            self.values[CHECK_IN] = round(float(check_in_s) * QUARTERS)
        if self.host.poll_s():
            self.values[LONG_POLL] = min(round(self.host.poll_s() * QUARTERS), MOST_INTERVAL)
        else:
            self.host.set_poll(self.number(LONG_POLL) / QUARTERS)

    def start(self) -> None:
        self._plan()

    def _plan(self) -> None:
        if self._cancel is not None:
            self._cancel()
            self._cancel = None
        if interval := self.number(CHECK_IN):
            self._cancel = self.host.later(interval / QUARTERS, self._check_in)

    def _check_in(self) -> None:
        self._cancel = None
        self.host.command(self, CHECK_IN_COMMAND, b"")
        self.host.listen(CHECK_IN_LISTEN_S)
        self._plan()

    def write(self, attribute: Attribute, value: Value) -> Status:
        status = super().write(attribute, value)
        if status is Status.SUCCESS and attribute.id == CHECK_IN:
            self._plan()
        return status

    @command(0x00)
    def check_in_response(self, request: Request) -> Outcome:
        fast, timeout = request.fields.u8(), request.fields.u16()
        if not fast:
            self.host.listen(0)
            return Status.SUCCESS
        self.host.listen((timeout or self.number(FAST_TIMEOUT)) / QUARTERS)
        return Status.SUCCESS

    @command(0x01)
    def fast_poll_stop(self, _: Request) -> Outcome:
        self.host.listen(0)
        return Status.SUCCESS

    @command(0x02)
    def set_long_poll(self, request: Request) -> Outcome:
        interval = request.fields.u32()
        if not max(LONG_POLL_LEAST, self.number(SHORT_POLL)) <= interval <= MOST_INTERVAL:
            return Status.INVALID_VALUE
        self.set(LONG_POLL, interval)
        self.host.set_poll(interval / QUARTERS)
        return Status.SUCCESS

    @command(0x03)
    def set_short_poll(self, request: Request) -> Outcome:
        interval = request.fields.u16()
        if not SHORT_POLL_LEAST <= interval <= self.number(LONG_POLL):
            return Status.INVALID_VALUE
        self.set(SHORT_POLL, interval)
        return Status.SUCCESS
