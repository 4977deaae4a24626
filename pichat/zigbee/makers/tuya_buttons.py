"""Tuya's buttons. They send a command of their own on the on/off cluster of each button."""

from __future__ import annotations

from typing import Any

import zigpy.types as t
from zigpy.zcl.clusters.general import OnOff

from pichat.zigbee.buttons import ButtonTable, Heard, Press
from pichat.zigbee.definition import Definition, Reach, define
from pichat.zigbee.local import Made, attribute
from pichat.zigbee.makers.tuya_mcu import TuyaBasic, spell

_ON_OFF, _PRESSED = 0x0006, 0xFD
_PRESSES = ("single", "double", "hold")
_SCENES_MODE = 1  # else it commands a light that it is bound to


class ModeSwitch(Made, OnOff):
    class AttributeDefs(OnOff.AttributeDefs):
        switch_mode = attribute(0x8004, t.enum8)


def _pressed(heard: Heard) -> Press | None:
    payload: Any = heard.told
    press = payload[0] if isinstance(payload, bytes) and payload else len(_PRESSES)
    return (str(heard.endpoint), _PRESSES[press]) if press < len(_PRESSES) else None


async def _scenes(reach: Reach) -> None:
    await spell(reach)
    if switch := reach(1, _ON_OFF):
        await switch.write({"switch_mode": _SCENES_MODE})


_TABLE = ButtonTable(commands={(_ON_OFF, _PRESSED): _pressed})

define(
    Definition(
        name="Tuya scene switch with one to four buttons",
        models=frozenset({"TS0041", "TS0042", "TS0043", "TS0044"}),
        servers={1: (TuyaBasic,)},
        hidden=frozenset({_ON_OFF}),
        buttons=_TABLE,
        prepare=spell,
    )
)
define(
    Definition(
        name="Tuya scene switch that can also dim",
        models=frozenset({"TS004F"}),
        servers={1: (TuyaBasic, ModeSwitch)},
        hidden=frozenset({_ON_OFF}),
        buttons=_TABLE,
        prepare=_scenes,
    )
)
