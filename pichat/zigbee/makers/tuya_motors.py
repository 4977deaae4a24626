"""Tuya's curtain motors and radiator valves, which are commanded by data points."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from zigpy.zcl.clusters.closures import WindowCovering
from zigpy.zcl.clusters.hvac import Thermostat

from pichat.zigbee.definition import Definition, define
from pichat.zigbee.local import BATTERY, LocalBattery
from pichat.zigbee.makers.tuya_mcu import (
    ENUM,
    VALUE,
    Point,
    TuyaBasic,
    TuyaLocal,
    TuyaMcu,
    spell,
)

_COVERING, _THERMOSTAT = 0x0102, 0x0201
_CONTROL, _GO_TO, _ARRIVED = 1, 2, 3
_OPEN, _STOP, _CLOSE = 0, 1, 2
_SET_POINT, _MEASURED, _CHARGE = 2, 3, 21


class CurtainMcu(TuyaMcu):
    """Tuya counts percent open. Point 2 repeats what was asked; where it is, is point 3."""

    points = MappingProxyType(
        {
            _ARRIVED: Point(
                _COVERING, "current_position_lift_percentage", lambda is_open: 100 - int(is_open)
            )
        }
    )


class Curtain(TuyaLocal, WindowCovering):
    tells = frozenset({"current_position_lift_percentage"})

    async def ordered(
        self, command: str, fields: Mapping[str, Any], options: Mapping[str, Any]
    ) -> None:
        if command == "go_to_lift_percentage":
            is_open = 100 - int(fields["percentage_lift_value"])
            await self.mcu().send(_GO_TO, VALUE, is_open, options)
            return
        action = {"up_open": _OPEN, "stop": _STOP, "down_close": _CLOSE}[command]
        await self.mcu().send(_CONTROL, ENUM, action, options)


class ValveMcu(TuyaMcu):
    """Temperatures in tenths of a degree."""

    points = MappingProxyType(
        {
            _SET_POINT: Point(
                _THERMOSTAT, "occupied_heating_setpoint", lambda tenths: int(tenths) * 10
            ),
            _MEASURED: Point(_THERMOSTAT, "local_temperature", lambda tenths: int(tenths) * 10),
            _CHARGE: Point(BATTERY, "battery_percentage_remaining", lambda all_: int(all_) * 2),
        }
    )


class Valve(TuyaLocal, Thermostat):
    tells = frozenset({"occupied_heating_setpoint", "local_temperature"})
    fixed = MappingProxyType({"min_heat_setpoint_limit": 500, "max_heat_setpoint_limit": 3000})
    writes = MappingProxyType(
        {"occupied_heating_setpoint": (_SET_POINT, VALUE, lambda value: round(value / 10))}
    )


define(
    Definition(
        name="Tuya curtain motor",
        models=frozenset({"TS0601"}),
        manufacturers=frozenset(
            {"_TZE200_zah67ekd", "_TZE200_fctwhugx", "_TZE200_cowvfni3", "_TZE204_r0jdjrvi"}
        ),
        servers={1: (TuyaBasic, CurtainMcu, Curtain)},
        prepare=spell,
    )
)
define(
    Definition(
        name="Tuya radiator valve",
        models=frozenset({"TS0601"}),
        manufacturers=frozenset(
            {"_TZE200_ckud7u2l", "_TZE200_ywdxldoj", "_TZE200_cwnjrr72", "_TZE200_2atgpdho"}
        ),
        servers={1: (TuyaBasic, ValveMcu, Valve, LocalBattery)},
        skip_configuration=True,
        prepare=spell,
    )
)
