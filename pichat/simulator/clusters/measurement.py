"""Temperature, relative humidity and illuminance measurement (ZCL 8, chapter 4)."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from pichat.simulator.node.cluster import Attribute, Cluster, Quantity, need_number
from pichat.simulator.node.types import Type

MEASURED = 0x0000


class TemperatureMeasurement(Cluster):
    id: ClassVar[int] = 0x0402
    attributes = (
        Attribute(MEASURED, Type.INT16, 2100),
        Attribute(0x0001, Type.INT16, -4000, reportable=False),
        Attribute(0x0002, Type.INT16, 12500, reportable=False),
        Attribute(0x0003, Type.UINT16, 20),
    )

    def quantities(self) -> dict[str, Quantity]:
        return {"temperature": Quantity("°C", lambda: self.number(MEASURED) / 100, self._put)}

    def _put(self, value: Any) -> None:
        self.set(MEASURED, round(need_number(value, -40, 125) * 100))


class HumidityMeasurement(Cluster):
    id: ClassVar[int] = 0x0405
    attributes = (
        Attribute(MEASURED, Type.UINT16, 5000),
        Attribute(0x0001, Type.UINT16, 0, reportable=False),
        Attribute(0x0002, Type.UINT16, 10000, reportable=False),
        Attribute(0x0003, Type.UINT16, 100),
    )

    def quantities(self) -> dict[str, Quantity]:
        return {"humidity": Quantity("%", lambda: self.number(MEASURED) / 100, self._put)}

    def _put(self, value: Any) -> None:
        self.set(MEASURED, round(need_number(value, 0, 100) * 100))


class IlluminanceMeasurement(Cluster):
    """The attribute is 10000 log10(lux) + 1; zero means too dark to measure."""

    id: ClassVar[int] = 0x0400
    attributes = (
        Attribute(MEASURED, Type.UINT16, 20001),
        Attribute(0x0001, Type.UINT16, 1, reportable=False),
        Attribute(0x0002, Type.UINT16, 50000, reportable=False),
    )

    def quantities(self) -> dict[str, Quantity]:
        return {"illuminance": Quantity("lx", self._get, self._put)}

    def _get(self) -> float:
        measured = self.number(MEASURED)
        return float(round(10 ** ((measured - 1) / 10000))) if measured else 0.0

    def _put(self, value: Any) -> None:
        lux = need_number(value, 0, 100_000)
        self.set(MEASURED, round(10000 * math.log10(lux)) + 1 if lux >= 1 else 0)
