"""Occupancy sensing (ZCL 8, section 4.8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from pichat.simulator.node.cluster import Attribute, Cluster, Quantity, need_bool
from pichat.simulator.node.types import Type

OCCUPANCY, HOLD = 0x0000, 0x0010


class OccupancySensing(Cluster):
    """`press` is motion seen: occupied now, and free again when the hold time has passed."""

    id: ClassVar[int] = 0x0406
    attributes = (
        Attribute(OCCUPANCY, Type.BITMAP8, 0),
        Attribute(0x0001, Type.ENUM8, 0, reportable=False),
        Attribute(0x0002, Type.BITMAP8, 1, reportable=False),
        Attribute(HOLD, Type.UINT16, 30, writable=True, reportable=False),
    )

    def set_up(self) -> None:
        self._cancel: Callable[[], None] | None = None
        self.values[HOLD] = round(self.host.options.get("hold_s", self.number(HOLD)))

    def quantities(self) -> dict[str, Quantity]:
        return {"occupied": Quantity("", lambda: bool(self.number(OCCUPANCY)), self._put)}

    def _put(self, value: Any) -> None:
        if self._cancel is not None:
            self._cancel()
            self._cancel = None
        self.set(OCCUPANCY, int(need_bool(value)))

    def press(self) -> bool:
        self._put(True)
        self._cancel = self.host.later(self.number(HOLD), lambda: self._put(False))
        return True
