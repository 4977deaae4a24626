"""What will be done to a device, within a sentence: "It will be locked." """

from __future__ import annotations

from pichat.events import Colour, State
from pichat.zigbee.view import DeviceView

_SWITCHED = {
    "lock": ("locked", "unlocked"),
    "siren": ("sounded", "silenced"),
}
_WORDS = {"%": "percent", "°C": "degrees", "K": "kelvin"}
_ENDS = {0: "closed", 100: "opened"}


def promised(view: DeviceView, capability: str, value: State) -> str:
    """ "set to 21 degrees", "turned on", "closed"."""
    if isinstance(value, bool):
        return _SWITCHED.get(capability, ("turned on", "turned off"))[not value]
    if isinstance(value, Colour):
        return "given that colour"
    if isinstance(value, str):
        return f"set to {value.replace('_', ' ')}"
    if capability == "cover_position" and value in _ENDS:
        return _ENDS[int(value)]
    feature = view.features.get(capability)
    unit = feature.capability.unit or "" if feature else ""
    return f"set to {value:g} {_WORDS.get(unit, unit)}".rstrip()
