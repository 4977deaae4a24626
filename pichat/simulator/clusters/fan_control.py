"""Fan control (ZCL 8, section 6.4)."""

from __future__ import annotations

from typing import Any, ClassVar

from pichat.simulator.errors import SimulatorError
from pichat.simulator.node.cluster import Attribute, Cluster, Quantity, Status
from pichat.simulator.node.types import Type, Value

MODE, SEQUENCE = 0x0000, 0x0001
MODES = {0: "off", 1: "low", 2: "medium", 3: "high", 5: "auto"}
LOW_MEDIUM_HIGH_AUTO = 2


class FanControl(Cluster):
    """A fan of three steps that can also choose by itself; it refuses a plain “on”."""

    id: ClassVar[int] = 0x0202
    attributes = (
        Attribute(MODE, Type.ENUM8, 0, writable=True),
        Attribute(SEQUENCE, Type.ENUM8, LOW_MEDIUM_HIGH_AUTO, writable=True, reportable=False),
    )

    def write(self, attribute: Attribute, value: Value) -> Status:
        if attribute.id == MODE and value not in MODES:
            return Status.INVALID_VALUE
        return super().write(attribute, value)

    def quantities(self) -> dict[str, Quantity]:
        return {"mode": Quantity("", lambda: MODES[self.number(MODE)], self._put)}

    def _put(self, value: Any) -> None:
        number = next((one for one, name in MODES.items() if name == value), None)
        if number is None:
            raise SimulatorError(f"{value!r} is not one of {', '.join(MODES.values())}.")
        self.set(MODE, number)
