"""Philips Hue: dimmer switches and wall switch modules, which tell presses by a command."""

from __future__ import annotations

import zigpy.types as t
from zigpy.zcl.clusters.general import Basic

from pichat.zigbee.buttons import ButtonTable, Heard, Press
from pichat.zigbee.definition import Definition, Reach, define
from pichat.zigbee.local import Made, attribute

_CODE = 0x100B
_BASIC, _OWN, _NOTIFICATION = 0x0000, 0xFC00, 0x00
_TELL_BUTTONS = 0x000B
_DIMMER = {1: "on", 2: "up", 3: "down", 4: "off"}
_DIAL = 20
_PRESSES = {1: "hold", 2: "single", 3: "release"}
"""0, the moment that it goes down, is not told: what follows says what it became."""
_LENGTH = 5


def _notified(names: dict[int, str] | None) -> ButtonTable:
    """The payload: u8 button, u24 unused, u8 what happened, and for how long."""

    def read(heard: Heard) -> Press | None:
        payload = heard.told
        if not isinstance(payload, bytes) or len(payload) < _LENGTH or payload[0] == _DIAL:
            return None
        button = names.get(payload[0]) if names else str(payload[0])
        press = _PRESSES.get(payload[4])
        return None if button is None or press is None else (button, press)

    return ButtonTable(commands={(_OWN, _NOTIFICATION): read})


class DimmerBasic(Made, Basic):
    class AttributeDefs(Basic.AttributeDefs):
        switch_options = attribute(0x0031, t.bitmap16, _CODE)


async def _tell_buttons(reach: Reach) -> None:
    """Else it only commands lights. The newer ones have but one endpoint."""
    for endpoint in (1, 2):
        basic = reach(endpoint, _BASIC)
        if basic is not None and basic.beside(_OWN) is not None:
            await basic.write({"switch_options": _TELL_BUTTONS})


define(
    Definition(
        name="Philips Hue dimmer switch",
        models=frozenset({"RWL020", "RWL021", "RWL022"}),
        servers={1: (DimmerBasic,), 2: (DimmerBasic,)},
        buttons=_notified(_DIMMER),
        prepare=_tell_buttons,
    )
)
define(
    Definition(
        name="Philips Hue wall switch module and tap dial",
        models=frozenset({"RDM001", "RDM002"}),
        buttons=_notified(None),
    )
)
