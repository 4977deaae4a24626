"""Pressure and concentration measurement (ZCL 8, sections 4.5 and 4.14)."""

from __future__ import annotations

from typing import Any, ClassVar

from pichat.simulator.node.cluster import Attribute, Cluster, Quantity, need_number
from pichat.simulator.node.types import Type

MEASURED, SCALED, SCALE = 0x0000, 0x0010, 0x0014


class PressureMeasurement(Cluster):
    """In hectopascal, and in tenths of one as the scaled value."""

    id: ClassVar[int] = 0x0403
    attributes = (
        Attribute(MEASURED, Type.INT16, 1013),
        Attribute(0x0001, Type.INT16, 300, reportable=False),
        Attribute(0x0002, Type.INT16, 1100, reportable=False),
        Attribute(SCALED, Type.INT16, 10132),
        Attribute(SCALE, Type.INT8, -1, reportable=False),
    )

    def quantities(self) -> dict[str, Quantity]:
        return {"pressure": Quantity("hPa", lambda: self.number(SCALED) / 10, self._put)}

    def _put(self, value: Any) -> None:
        pressure_hpa = need_number(value, 300, 1100)
        self.set(MEASURED, round(pressure_hpa))
        self.set(SCALED, round(pressure_hpa * 10))


class Concentration(Cluster):
    """A float: the fraction of a gas, or micrograms of dust. `per` converts it for people."""

    called: ClassVar[str]
    unit: ClassVar[str]
    per: ClassVar[float]
    most: ClassVar[float]

    def quantities(self) -> dict[str, Quantity]:
        return {self.called: Quantity(self.unit, self._get, self._put)}

    def _get(self) -> float:
        return round(float(self.values[MEASURED]) * self.per, 3)

    def _put(self, value: Any) -> None:
        self.set(MEASURED, need_number(value, 0, self.most) / self.per)


class CarbonDioxide(Concentration):
    id: ClassVar[int] = 0x040D
    attributes = (Attribute(MEASURED, Type.FLOAT, 0.0006),)
    called, unit, per, most = "co2", "ppm", 1e6, 10_000


class ParticulateMatter(Concentration):
    id: ClassVar[int] = 0x042A
    attributes = (Attribute(MEASURED, Type.FLOAT, 8.0),)
    called, unit, per, most = "pm25", "µg/m³", 1.0, 1_000


class Formaldehyde(Concentration):
    id: ClassVar[int] = 0x042B
    attributes = (Attribute(MEASURED, Type.FLOAT, 2e-8),)
    called, unit, per, most = "formaldehyde", "ppm", 1e6, 10
