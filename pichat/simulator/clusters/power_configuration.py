"""Power configuration: the battery."""

from __future__ import annotations

from typing import Any, ClassVar

from pichat.simulator.node.cluster import Attribute, Cluster, Quantity, need_number
from pichat.simulator.node.types import Type

VOLTAGE, PERCENTAGE = 0x0020, 0x0021


class PowerConfiguration(Cluster):
    id: ClassVar[int] = 0x0001
    attributes = (
        Attribute(VOLTAGE, Type.UINT8, 30),
        Attribute(PERCENTAGE, Type.UINT8, 200),
        Attribute(0x0031, Type.ENUM8, 0x03, writable=True, reportable=False),
        Attribute(0x0033, Type.UINT8, 2, writable=True, reportable=False),
        Attribute(0x0034, Type.UINT8, 15, writable=True, reportable=False),
        Attribute(0x0035, Type.BITMAP8, 0, writable=True, reportable=False),
    )

    def quantities(self) -> dict[str, Quantity]:
        return {"battery": Quantity("%", lambda: self.number(PERCENTAGE) / 2, self._put)}

    def _put(self, value: Any) -> None:
        percent = need_number(value, 0, 100)
        self.set(PERCENTAGE, round(percent * 2))
        self.set(VOLTAGE, round(20 + percent / 10))
