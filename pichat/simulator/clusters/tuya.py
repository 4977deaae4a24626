"""As Tuya's curtain motors speak: data points on the cluster 0xEF00.

Points: 1 what to do (0 open, 1 stop, 2 close), 2 percent open to go to, 3 percent open.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pichat.simulator.clusters.ramp import Ramp
from pichat.simulator.node import zcl
from pichat.simulator.node.cluster import (
    Cluster,
    Outcome,
    Quantity,
    Request,
    Status,
    command,
    need_number,
)

CONTROL, GO_TO, ARRIVED = 1, 2, 3
_VALUE, _ENUM = 0x02, 0x04
_SET, _ANSWER, _REPORT, _TIME = 0x00, 0x01, 0x02, 0x24


class TuyaCurtain(Cluster):
    """Tells point 2 as soon as it is asked, and point 3 where it has come to rest. Pressing the
    device's button asks for the time, as it does after power came back."""

    id: ClassVar[int] = 0xEF00
    generated = (_ANSWER, _REPORT, _TIME)

    def set_up(self) -> None:
        self._travel_s = float(self.host.options.get("travel_s", 8.0))
        self._position = 100.0
        self._clock_s = 0
        self._ramp = Ramp(self.host, self._move)
        self._sent = 0

    def _move(self, position: float) -> None:
        self._position = position
        self.host.changed(self, 0)

    def _tell(self, number: int, point: int, value: int) -> None:
        self._sent = (self._sent + 1) % 0x10000
        payload = self._sent.to_bytes(2, "big") + bytes((point, _VALUE, 0, 4))
        payload += value.to_bytes(4, "big")
        self.host.speak(
            self,
            lambda sequence: zcl.frame(number, payload, sequence, general=False, server=True),
        )

    def _go(self, target: int) -> None:
        self._tell(_ANSWER, GO_TO, target)
        way = abs(target - self._position)
        self._ramp.move(self._position, target, self._travel_s * way / 100, self._rest)

    def _rest(self) -> None:
        self._ramp.stop()
        self._tell(_REPORT, ARRIVED, round(self._position))

    @command(_SET)
    def set_points(self, request: Request) -> Outcome:
        fields = request.fields
        fields.take(2)
        while fields.left():
            point, kind = fields.u8(), fields.u8()
            value = int.from_bytes(fields.take(int.from_bytes(fields.take(2), "big")), "big")
            if (point, kind) == (GO_TO, _VALUE) and value <= 100:
                self._go(value)
            elif (point, kind) == (CONTROL, _ENUM) and value in (0, 2):
                self._go(100 if value == 0 else 0)
            elif (point, kind) == (CONTROL, _ENUM) and value == 1:
                self._rest()
        return Status.SUCCESS

    @command(_TIME)
    def set_time(self, request: Request) -> Outcome:
        request.fields.take(2)
        self._clock_s = int.from_bytes(request.fields.take(4), "big")
        self.host.changed(self, 0)
        return Status.SUCCESS

    def press(self) -> bool:
        self.host.speak(
            self,
            lambda sequence: zcl.frame(_TIME, b"\0\0", sequence, general=False, server=True),
        )
        return True

    def quantities(self) -> dict[str, Quantity]:
        return {
            "position": Quantity("%", lambda: round(self._position), self._put),
            "clock": Quantity("s", lambda: self._clock_s),
        }

    def _put(self, value: Any) -> None:
        self._move(need_number(value, 0, 100))
        self._rest()
