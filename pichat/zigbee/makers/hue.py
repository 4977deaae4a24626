"""Philips Hue: dimmer switches and wall switch modules, which tell presses by a command."""

from __future__ import annotations

from pichat.zigbee.buttons import ButtonTable, Heard, Press
from pichat.zigbee.definition import Definition, define

_OWN, _NOTIFICATION = 0xFC00, 0x00
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


define(
    Definition(
        name="Philips Hue dimmer switch",
        models=frozenset({"RWL020", "RWL021", "RWL022"}),
        buttons=_notified(_DIMMER),
    )
)
define(
    Definition(
        name="Philips Hue wall switch module and tap dial",
        models=frozenset({"RDM001", "RDM002"}),
        buttons=_notified(None),
    )
)
