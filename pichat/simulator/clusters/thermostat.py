"""Thermostat (ZCL 8, section 6.3): a radiator valve that heats."""

from __future__ import annotations

from typing import Any, ClassVar

from pichat.simulator.errors import SimulatorError
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
from pichat.simulator.node.types import Type, Value

LOCAL, SETPOINT, LEAST, MOST, MODE, RUNNING = 0x0000, 0x0012, 0x0015, 0x0016, 0x001C, 0x0029
MODES = {0: "off", 1: "auto", 4: "heat"}


class Thermostat(Cluster):
    id: ClassVar[int] = 0x0201
    attributes: ClassVar[tuple[Attribute, ...]] = (
        Attribute(LOCAL, Type.INT16, 2050),
        Attribute(0x0003, Type.INT16, 500, reportable=False),
        Attribute(0x0004, Type.INT16, 3000, reportable=False),
        Attribute(0x0008, Type.UINT8, 0),
        Attribute(0x0010, Type.INT8, 0, writable=True, reportable=False, least=-25, most=25),
        Attribute(SETPOINT, Type.INT16, 2000, writable=True),
        Attribute(0x0014, Type.INT16, 1700, writable=True, reportable=False, least=500, most=3000),
        Attribute(LEAST, Type.INT16, 500, writable=True, reportable=False, least=500, most=3000),
        Attribute(MOST, Type.INT16, 3000, writable=True, reportable=False, least=500, most=3000),
        Attribute(0x001B, Type.ENUM8, 2, writable=True, reportable=False),
        Attribute(MODE, Type.ENUM8, 4, writable=True),
        Attribute(0x001E, Type.ENUM8, 0),
        Attribute(RUNNING, Type.BITMAP16, 0),
    )

    def write(self, attribute: Attribute, value: Value) -> Status:
        if attribute.id == SETPOINT and not self._fits(int(value)):
            return Status.INVALID_VALUE
        if attribute.id == MODE and not self.mode_fits(value):
            return Status.INVALID_VALUE
        status = super().write(attribute, value)
        self._regulate()
        return status

    def mode_fits(self, value: Value) -> bool:
        return value in MODES

    def _fits(self, setpoint: int) -> bool:
        return self.number(LEAST) <= setpoint <= self.number(MOST)

    def _regulate(self) -> None:
        cold = self.number(LOCAL) < self.number(SETPOINT)
        heating = self.number(MODE) != 0 and cold
        self.set(RUNNING, int(heating))
        self.set(0x001E, 4 if heating else 0)
        self.set(0x0008, 100 if heating else 0)

    @command(0x00)
    def raise_or_lower(self, request: Request) -> Outcome:
        which, tenths = request.fields.u8(), request.fields.i8()
        if which not in (0, 2):
            return Status.INVALID_FIELD
        target = self.number(SETPOINT) + tenths * 10
        self.set(SETPOINT, max(self.number(LEAST), min(target, self.number(MOST))))
        self._regulate()
        return Status.SUCCESS

    def quantities(self) -> dict[str, Quantity]:
        return {
            "temperature": Quantity("°C", lambda: self.number(LOCAL) / 100, self._put_local),
            "setpoint": Quantity("°C", lambda: self.number(SETPOINT) / 100, self._put_setpoint),
            "mode": Quantity("", lambda: MODES[self.number(MODE)], self._put_mode),
            "heating": Quantity("", lambda: bool(self.number(RUNNING))),
        }

    def _put_local(self, value: Any) -> None:
        self.set(LOCAL, round(need_number(value, -20, 60) * 100))
        self._regulate()

    def _put_setpoint(self, value: Any) -> None:
        least, most = self.number(LEAST) / 100, self.number(MOST) / 100
        self.set(SETPOINT, round(need_number(value, least, most) * 100))
        self._regulate()

    def _put_mode(self, value: Any) -> None:
        number = next((one for one, name in MODES.items() if name == value), None)
        if number is None:
            raise SimulatorError(f"{value!r} is not one of {', '.join(MODES.values())}.")
        self.set(MODE, number)
        self._regulate()
