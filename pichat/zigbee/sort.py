"""What sort of thing a device is to people."""

from __future__ import annotations

from collections.abc import Collection

from pichat.events import Kind

_LIGHTS = frozenset({0x0100, 0x0101, 0x0102, 0x010C, 0x010D, 0x0210, 0x0220})
_PLUGS = frozenset({0x0009, 0x0051, 0x010A, 0x010B})
"""Device types of the Home Automation profile."""

_BY_CAPABILITY: tuple[tuple[str, Kind], ...] = (
    ("lock", "lock"),
    ("cover_position", "cover"),
    ("cover_motion", "cover"),
    ("target_temperature", "thermostat"),
    ("fan_mode", "fan"),
    ("siren", "siren"),
)


def kind_of(capabilities: Collection[str], device_types: Collection[int | None]) -> Kind:
    """From the capabilities' names, and the device types of the endpoints."""
    for capability, kind in _BY_CAPABILITY:
        if capability in capabilities:
            return "light" if kind == "fan" and "brightness" in capabilities else kind
    if "on_off" not in capabilities:
        return "sensor"
    types = {int(number) for number in device_types if number is not None}
    if types & _PLUGS or "power" in capabilities:
        return "plug"
    dims = {"brightness", "colour", "colour_temperature"} & set(capabilities)
    return "light" if dims or types & _LIGHTS else "switch"


def asks_first(kind: Kind) -> bool:
    """Whether a person has to say yes before such a device opens, unlocks, heats or sounds, where
    its owner has not said."""
    return kind in ("lock", "siren")
