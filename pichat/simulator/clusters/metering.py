"""Metering and electrical measurement (ZCL 8, section 10.4 and 4.9) of a smart plug."""

from __future__ import annotations

from typing import Any, ClassVar

from pichat.simulator.node.cluster import Attribute, Cluster, Quantity, need_number
from pichat.simulator.node.types import Type

ENERGY_WH, DEMAND_W = 0x0000, 0x0400
VOLTAGE, CURRENT_MA, POWER_W = 0x0505, 0x0508, 0x050B
ON_OFF, ELECTRICAL = 0x0006, 0x0B04
COUNT_EVERY_S = 5.0


class Metering(Cluster):
    """Counts watt-hours; one unit of the wire is a watt-hour, as multiplier and divisor say."""

    id: ClassVar[int] = 0x0702
    attributes = (
        Attribute(ENERGY_WH, Type.UINT48, 0),
        Attribute(0x0200, Type.BITMAP8, 0),
        Attribute(0x0300, Type.ENUM8, 0, reportable=False),
        Attribute(0x0301, Type.UINT24, 1, reportable=False),
        Attribute(0x0302, Type.UINT24, 1000, reportable=False),
        Attribute(0x0303, Type.BITMAP8, 0x7B, reportable=False),
        Attribute(0x0306, Type.BITMAP8, 0, reportable=False),
        Attribute(DEMAND_W, Type.INT24, 0),
    )

    def set_up(self) -> None:
        self._fraction_wh = 0.0

    def start(self) -> None:
        self._last = self.host.now()
        self.host.later(COUNT_EVERY_S, self._count)

    def _count(self) -> None:
        now = self.host.now()
        self._fraction_wh += self.number(DEMAND_W) * (now - self._last) / 3600
        self._last = now
        whole = int(self._fraction_wh)
        self._fraction_wh -= whole
        self.set(ENERGY_WH, self.number(ENERGY_WH) + whole)
        self.host.later(COUNT_EVERY_S, self._count)

    def quantities(self) -> dict[str, Quantity]:
        return {"energy": Quantity("kWh", lambda: self.number(ENERGY_WH) / 1000, self._put)}

    def _put(self, value: Any) -> None:
        self.set(ENERGY_WH, round(need_number(value, 0, 1e9) * 1000))


class ElectricalMeasurement(Cluster):
    """What is plugged in draws the house option `load_w` while the plug is on."""

    id: ClassVar[int] = ELECTRICAL
    attributes = (
        Attribute(0x0000, Type.BITMAP32, 0x09, reportable=False),
        Attribute(VOLTAGE, Type.UINT16, 2300),
        Attribute(CURRENT_MA, Type.UINT16, 0),
        Attribute(POWER_W, Type.INT16, 0),
        Attribute(0x0600, Type.UINT16, 1, reportable=False),
        Attribute(0x0601, Type.UINT16, 10, reportable=False),
        Attribute(0x0602, Type.UINT16, 1, reportable=False),
        Attribute(0x0603, Type.UINT16, 1000, reportable=False),
        Attribute(0x0604, Type.UINT16, 1, reportable=False),
        Attribute(0x0605, Type.UINT16, 10, reportable=False),
    )

    def set_up(self) -> None:
        self._load_w = float(self.host.options.get("load_w", 42.0))

    def switched(self, on: bool) -> None:  # noqa: ARG002
        self._refresh()

    def _refresh(self) -> None:
        switch = self.host.sibling(self, ON_OFF)
        watts = self._load_w if switch is None or switch.values[0x0000] else 0.0
        volts = self.number(VOLTAGE) / 10
        self.set(POWER_W, round(watts * 10))
        self.set(CURRENT_MA, round(watts / volts * 1000) if volts else 0)
        meter = self.host.sibling(self, Metering.id)
        if meter is not None:
            meter.set(DEMAND_W, round(watts))

    def quantities(self) -> dict[str, Quantity]:
        return {
            "power": Quantity("W", lambda: self.number(POWER_W) / 10, self._put_power),
            "voltage": Quantity("V", lambda: self.number(VOLTAGE) / 10, self._put_voltage),
            "current": Quantity("A", lambda: self.number(CURRENT_MA) / 1000),
        }

    def _put_power(self, value: Any) -> None:
        self._load_w = need_number(value, 0, 3000)
        self._refresh()

    def _put_voltage(self, value: Any) -> None:
        self.set(VOLTAGE, round(need_number(value, 0, 300) * 10))
        self._refresh()
