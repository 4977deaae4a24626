"""Level control (ZCL 8, section 3.10): brightness."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from pichat.simulator.clusters.on_off import OnOff
from pichat.simulator.clusters.ramp import Ramp
from pichat.simulator.node.cluster import (
    Attribute,
    Cluster,
    Outcome,
    Quantity,
    Request,
    Status,
    command,
    need_number,
)
from pichat.simulator.node.types import Type
from pichat.simulator.wire.codec import Reader, u8

LEVEL, REMAINING, OPTIONS, DEFAULT_TIME, ON_LEVEL = 0x0000, 0x0001, 0x000F, 0x0010, 0x0011
LEAST, MOST = 1, 254
NO_TIME = 0xFFFF
START_UP = 0x4000
UNSET = 0xFF
DEFAULT_RATE = 50


class Level(Cluster):
    id: ClassVar[int] = 0x0008
    attributes = (
        Attribute(LEVEL, Type.UINT8, MOST),
        Attribute(REMAINING, Type.UINT16, 0, reportable=False),
        Attribute(0x0002, Type.UINT8, LEAST, reportable=False),
        Attribute(0x0003, Type.UINT8, MOST, reportable=False),
        Attribute(OPTIONS, Type.BITMAP8, 0, writable=True, reportable=False),
        Attribute(DEFAULT_TIME, Type.UINT16, 0, writable=True, reportable=False),
        Attribute(ON_LEVEL, Type.UINT8, UNSET, writable=True, reportable=False),
        Attribute(START_UP, Type.UINT8, UNSET, writable=True, reportable=False),
    )

    def set_up(self) -> None:
        self._ramp = Ramp(self.host, lambda level: self.set(LEVEL, round(level)))

    def switched(self, on: bool) -> None:
        if on and self.number(ON_LEVEL) != UNSET:
            self._ramp.stop()
            self.set(LEVEL, self.number(ON_LEVEL))

    def power_up(self) -> None:
        self._ramp.stop()
        if (level := self.number(START_UP)) != UNSET:
            self.set(LEVEL, max(LEAST, level))

    @property
    def _on_off(self) -> OnOff:
        return cast("OnOff", self.host.sibling(self, OnOff.id))

    def allowed(self, request: Request) -> bool:
        """Whether a command without on/off counts: the light is on, or the option bit is set."""
        options = self.number(OPTIONS)
        if request.fields.left() >= 2:
            mask, override = request.fields.u8(), request.fields.u8()
            options = (options & ~mask) | (override & mask)
        return self._on_off.is_on or bool(options & 1)

    def go(self, level: int, tenths: int, *, with_on_off: bool) -> None:
        """Moves; with_on_off, zero turns off (keeping the level for later) and more turns on."""
        tenths = self.number(DEFAULT_TIME) if tenths == NO_TIME else tenths
        before = self.number(LEVEL)
        target = max(LEAST, min(level, MOST))
        off = with_on_off and level <= LEAST
        if off and tenths == 0:
            self._ramp.stop()
            self._on_off.switch(False)
            return
        if with_on_off and not off and not self._on_off.is_on:
            self._on_off.switch(True)
            before = LEAST

        restored = before

        def fade_out() -> None:
            self._on_off.switch(False)
            self.set(LEVEL, restored)

        self._ramp.move(before, target, tenths / 10, fade_out if off else None)

    def _move_to(self, request: Request, *, with_on_off: bool) -> Outcome:
        level, tenths = request.fields.u8(), request.fields.u16()
        if level == UNSET:
            return Status.INVALID_VALUE
        if with_on_off or self.allowed(request):
            self.go(level, tenths, with_on_off=with_on_off)
        return Status.SUCCESS

    def _move(self, request: Request, *, with_on_off: bool) -> Outcome:
        down, rate = request.fields.u8(), request.fields.u8()
        rate = DEFAULT_RATE if rate in (0, UNSET) else rate
        if with_on_off or self.allowed(request):
            target = LEAST if down else MOST
            tenths = round(abs(target - self.number(LEVEL)) / rate * 10)
            self.go(target, tenths, with_on_off=with_on_off)
        return Status.SUCCESS

    def _step(self, request: Request, *, with_on_off: bool) -> Outcome:
        down, size, tenths = request.fields.u8(), request.fields.u8(), request.fields.u16()
        if with_on_off or self.allowed(request):
            level = self.number(LEVEL) + (-size if down else size)
            self.go(max(0, min(level, MOST)), tenths, with_on_off=with_on_off)
        return Status.SUCCESS

    @command(0x00)
    def move_to_level(self, request: Request) -> Outcome:
        return self._move_to(request, with_on_off=False)

    @command(0x01)
    def move(self, request: Request) -> Outcome:
        return self._move(request, with_on_off=False)

    @command(0x02)
    def step(self, request: Request) -> Outcome:
        return self._step(request, with_on_off=False)

    @command(0x03)
    @command(0x07)
    def stop(self, _: Request) -> Outcome:
        self._ramp.stop()
        return Status.SUCCESS

    @command(0x04)
    def move_to_level_with_on_off(self, request: Request) -> Outcome:
        return self._move_to(request, with_on_off=True)

    @command(0x05)
    def move_with_on_off(self, request: Request) -> Outcome:
        return self._move(request, with_on_off=True)

    @command(0x06)
    def step_with_on_off(self, request: Request) -> Outcome:
        return self._step(request, with_on_off=True)

    def quantities(self) -> dict[str, Quantity]:
        return {"brightness": Quantity("%", lambda: round(self.number(LEVEL) / 2.54), self._put)}

    def _put(self, value: Any) -> None:
        self.set(LEVEL, max(LEAST, round(need_number(value, 0, 100) * 2.54)))

    def scene(self) -> bytes:
        return u8(self.number(LEVEL))

    def recall(self, stored: Reader, transition_s: float) -> None:
        self._ramp.move(self.number(LEVEL), stored.u8(), transition_s)
