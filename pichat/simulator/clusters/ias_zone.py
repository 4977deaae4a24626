"""IAS zone (ZCL 8, section 8.2): contact, motion and water sensors that enrol with a controller."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

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
from pichat.simulator.node.types import Type, Value
from pichat.simulator.wire.codec import u8, u16

STATE, ZONE_TYPE, STATUS, CONTROLLER, ZONE_ID = 0x0000, 0x0001, 0x0002, 0x0010, 0x0011
ALARM, TAMPER, BATTERY_LOW = 0x01, 0x04, 0x08
NOTIFICATION, ENROLL_REQUEST = 0x00, 0x01
MANUFACTURER = 0x1289


class IasZone(Cluster):
    """A host writes its address; the zone asks to be enrolled, and notifies once it is.

    Subclasses name the alarm bit for people and give the zone type.
    """

    id: ClassVar[int] = 0x0500
    zone_type: ClassVar[int]
    alarm: ClassVar[str]
    attributes: ClassVar[tuple[Attribute, ...]] = (
        Attribute(STATE, Type.ENUM8, 0, reportable=False),
        Attribute(ZONE_TYPE, Type.ENUM16, 0, reportable=False),
        Attribute(STATUS, Type.BITMAP16, 0),
        Attribute(CONTROLLER, Type.EUI64, 0, writable=True, reportable=False),
        Attribute(ZONE_ID, Type.UINT8, 0xFF, reportable=False),
    )
    generated = (NOTIFICATION, ENROLL_REQUEST)

    def set_up(self) -> None:
        self.values[ZONE_TYPE] = self.zone_type
        self._cancel: Callable[[], None] | None = None

    @property
    def _controller(self) -> bytes:
        return self.number(CONTROLLER).to_bytes(8, "little")

    def write(self, attribute: Attribute, value: Value) -> Status:
        status = super().write(attribute, value)
        if status is Status.SUCCESS and attribute.id == CONTROLLER:
            self.host.later(0, self._ask)
        return status

    def _ask(self) -> None:
        if self.number(CONTROLLER):
            payload = u16(self.zone_type) + u16(MANUFACTURER)
            self.host.command_to(self, ENROLL_REQUEST, payload, self._controller)

    @command(0x00)
    def enroll_response(self, request: Request) -> Outcome:
        code, zone = request.fields.u8(), request.fields.u8()
        if code == 0:
            self.set(ZONE_ID, zone)
            self.set(STATE, 1)
        return Status.SUCCESS

    @command(0x01)
    @command(0x02)
    def change_mode(self, _: Request) -> Outcome:
        return Status.SUCCESS

    def quantities(self) -> dict[str, Quantity]:
        def bit(mask: int) -> Quantity:
            return Quantity(
                "",
                lambda: bool(self.number(STATUS) & mask),
                lambda value: self._put(mask, need_bool(value)),
            )

        return {self.alarm: bit(ALARM), "tamper": bit(TAMPER), "battery_low": bit(BATTERY_LOW)}

    def _put(self, mask: int, on: bool) -> None:
        if self._cancel is not None and mask == ALARM:
            self._cancel()
            self._cancel = None
        before = self.number(STATUS)
        status = before | mask if on else before & ~mask
        if status == before:
            return
        self.set(STATUS, status)
        if self.number(STATE):
            payload = u16(status) + u8(0) + u8(self.number(ZONE_ID)) + u16(0)
            self.host.command_to(self, NOTIFICATION, payload, self._controller)

    def hold(self, seconds: float) -> None:
        """Raises the alarm for a while."""
        self._put(ALARM, True)
        self._cancel = self.host.later(seconds, lambda: self._put(ALARM, False))


class ContactZone(IasZone):
    zone_type = 0x0015
    alarm = "open"

    def press(self) -> bool:
        self._put(ALARM, not self.number(STATUS) & ALARM)
        return True


class MotionZone(IasZone):
    zone_type = 0x000D
    alarm = "occupied"

    def press(self) -> bool:
        self.hold(float(self.host.options.get("hold_s", 30)))
        return True


class WaterZone(IasZone):
    zone_type = 0x002A
    alarm = "wet"


class GasZone(IasZone):
    zone_type = 0x002B
    alarm = "gas"


class VibrationZone(IasZone):
    zone_type = 0x002D
    alarm = "vibration"


class SirenZone(IasZone):
    """A siren is a zone as well, by which it tells of its battery and of tampering."""

    zone_type = 0x0225
    alarm = "alarm"


class SmokeZone(IasZone):
    zone_type = 0x0028
    alarm = "smoke"
