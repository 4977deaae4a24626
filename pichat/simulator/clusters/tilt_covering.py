"""A window covering with slats that tilt."""

from __future__ import annotations

from typing import Any

from pichat.simulator.clusters.ramp import Ramp
from pichat.simulator.clusters.window_covering import WindowCovering
from pichat.simulator.node.cluster import (
    Attribute,
    Outcome,
    Quantity,
    Request,
    Status,
    command,
    need_number,
)
from pichat.simulator.node.types import Type

TYPE, TILT_CLOSED_PERCENT = 0x0000, 0x0009
TILT_BLIND_LIFT_AND_TILT = 8
TILT_S = 1.0


class TiltCovering(WindowCovering):
    """Percent closed, for the slats as for the way up and down."""

    attributes = (
        Attribute(TYPE, Type.ENUM8, TILT_BLIND_LIFT_AND_TILT, reportable=False),
        *(one for one in WindowCovering.attributes if one.id != TYPE),
        Attribute(TILT_CLOSED_PERCENT, Type.UINT8, 0),
    )

    def set_up(self) -> None:
        super().set_up()
        self._slats = Ramp(self.host, lambda value: self.set(TILT_CLOSED_PERCENT, round(value)))

    @command(0x08)
    def go_to_tilt_percentage(self, request: Request) -> Outcome:
        closed = request.fields.u8()
        if closed > 100:
            return Status.INVALID_VALUE
        start = self.number(TILT_CLOSED_PERCENT)
        self._slats.move(start, closed, TILT_S * abs(closed - start) / 100)
        return Status.SUCCESS

    @command(0x02)
    def stop(self, request: Request) -> Outcome:
        self._slats.stop()
        return super().stop(request)

    def quantities(self) -> dict[str, Quantity]:
        def put(value: Any) -> None:
            self._slats.stop()
            self.set(TILT_CLOSED_PERCENT, 100 - round(need_number(value, 0, 100)))

        tilt = Quantity("%", lambda: 100 - self.number(TILT_CLOSED_PERCENT), put)
        return super().quantities() | {"tilt": tilt}
