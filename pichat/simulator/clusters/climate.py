"""A thermostat that heats and cools."""

from __future__ import annotations

from typing import Any

from pichat.simulator.clusters.thermostat import LOCAL, MODE, RUNNING, SETPOINT, Thermostat
from pichat.simulator.errors import SimulatorError
from pichat.simulator.node.cluster import Attribute, Quantity, need_number
from pichat.simulator.node.types import Type, Value

COOLING_SETPOINT, SEQUENCE, RUNNING_MODE = 0x0011, 0x001B, 0x001E
HEATS_AND_COOLS = 4
MODES = {0: "off", 1: "auto", 3: "cool", 4: "heat"}
HEATING, COOLING = 0x0001, 0x0002


class HeatingAndCooling(Thermostat):
    attributes = (
        *(one for one in Thermostat.attributes if one.id != SEQUENCE),
        Attribute(COOLING_SETPOINT, Type.INT16, 2600, writable=True, least=1600, most=3200),
        Attribute(0x0017, Type.INT16, 1600, reportable=False),
        Attribute(0x0018, Type.INT16, 3200, reportable=False),
        Attribute(SEQUENCE, Type.ENUM8, HEATS_AND_COOLS, reportable=False),
    )

    def mode_fits(self, value: Value) -> bool:
        return value in MODES

    def _regulate(self) -> None:
        mode, local = self.number(MODE), self.number(LOCAL)
        heats = mode in (1, 4) and local < self.number(SETPOINT)
        cools = mode in (1, 3) and local > self.number(COOLING_SETPOINT)
        self.set(RUNNING, HEATING if heats else COOLING if cools else 0)
        self.set(RUNNING_MODE, 4 if heats else 3 if cools else 0)
        self.set(0x0008, 100 if heats else 0)

    def quantities(self) -> dict[str, Quantity]:
        def put(value: Any) -> None:
            self.set(COOLING_SETPOINT, round(need_number(value, 16, 32) * 100))
            self._regulate()

        return super().quantities() | {
            "mode": Quantity("", lambda: MODES[self.number(MODE)], self._put_mode),
            "cooling_setpoint": Quantity("°C", lambda: self.number(COOLING_SETPOINT) / 100, put),
            "heating": Quantity("", lambda: bool(self.number(RUNNING) & HEATING)),
            "cooling": Quantity("", lambda: bool(self.number(RUNNING) & COOLING)),
        }

    def _put_mode(self, value: Any) -> None:
        number = next((one for one, name in MODES.items() if name == value), None)
        if number is None:
            raise SimulatorError(f"{value!r} is not one of {', '.join(MODES.values())}.")
        self.set(MODE, number)
        self._regulate()
