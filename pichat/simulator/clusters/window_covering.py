"""Window covering (ZCL 8, section 7.4). It takes the house option `travel_s` for the whole way."""

from __future__ import annotations

from typing import Any, ClassVar

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

CLOSED_PERCENT, CONFIG, MODE = 0x0008, 0x0007, 0x0017


class WindowCovering(Cluster):
    """The wire counts percent closed; people hear percent open."""

    id: ClassVar[int] = 0x0102
    attributes: ClassVar[tuple[Attribute, ...]] = (
        Attribute(0x0000, Type.ENUM8, 0, reportable=False),
        Attribute(0x0005, Type.UINT16, 0, reportable=False),
        Attribute(CONFIG, Type.BITMAP8, 0x0B, reportable=False),
        Attribute(CLOSED_PERCENT, Type.UINT8, 0),
        Attribute(MODE, Type.BITMAP8, 0, writable=True, reportable=False),
    )

    def set_up(self) -> None:
        self._travel_s = float(self.host.options.get("travel_s", 8.0))
        self._ramp = Ramp(self.host, lambda value: self.set(CLOSED_PERCENT, round(value)))
        self._target = 0

    def _go(self, closed: int) -> None:
        start = self.number(CLOSED_PERCENT)
        self._target = closed
        self._ramp.move(start, closed, self._travel_s * abs(closed - start) / 100)

    @command(0x00)
    def open(self, _: Request) -> Outcome:
        self._go(0)
        return Status.SUCCESS

    @command(0x01)
    def close(self, _: Request) -> Outcome:
        self._go(100)
        return Status.SUCCESS

    @command(0x02)
    def stop(self, _: Request) -> Outcome:
        self._ramp.stop()
        return Status.SUCCESS

    @command(0x05)
    def go_to_lift_percentage(self, request: Request) -> Outcome:
        closed = request.fields.u8()
        if closed > 100:
            return Status.INVALID_VALUE
        self._go(closed)
        return Status.SUCCESS

    def quantities(self) -> dict[str, Quantity]:
        return {
            "position": Quantity("%", lambda: 100 - self.number(CLOSED_PERCENT), self._put),
            "moving": Quantity("", lambda: self._ramp.moving),
        }

    def _put(self, value: Any) -> None:
        self._ramp.stop()
        self.set(CLOSED_PERCENT, 100 - round(need_number(value, 0, 100)))

    def press(self) -> bool:
        """One button: stops while moving, else goes the other way."""
        if self._ramp.moving:
            self._ramp.stop()
        else:
            self._go(0 if self.number(CLOSED_PERCENT) > 0 else 100)
        return True

    def scene(self) -> bytes:
        return u8(self.number(CLOSED_PERCENT))

    def recall(self, stored: Reader, transition_s: float) -> None:  # noqa: ARG002
        self._go(stored.u8())
