"""Intents for fans, sirens, slats and modes, and for stopping what moves."""

from __future__ import annotations

from typing import Any

from pichat.events import Kind
from pichat.intents.actions import COVERINGS, classes
from pichat.intents.match import Match, Meaning, means, named_devices, setting


def _kind(match: Match, kind: Kind) -> tuple[Kind, ...]:
    """The kind that is meant where no device is named."""
    return () if match.named else (kind,)


@means("HassFanSetSpeed", needs=("fan_speed",))
def set_fan_speed(match: Match) -> Meaning | None:
    return setting(match, "fan_speed", int(match.slots["percentage"]), _kind(match, "fan"))


@means("PiChatFanMode", needs=("fan_mode",))
def set_fan_mode(match: Match) -> Meaning | None:
    return _mode(match, "fan_mode", str(match.slots["fan_level"]), "fan")


@means("PiChatThermostatMode", needs=("thermostat_mode",))
def set_thermostat_mode(match: Match) -> Meaning | None:
    return _mode(match, "thermostat_mode", str(match.slots["thermostat_mode"]), "thermostat")


def _mode(match: Match, capability: str, mode: str, kind: Kind) -> Meaning | None:
    """None where nobody there has that mode."""
    named = named_devices(match)
    if named is None:
        return None
    devices = named or [d for area in match.areas or (None,) for d in match.within(area)]
    found = (device.capability(capability) for device in devices)
    if not any(one is not None and mode in one.options for one in found):
        return None
    return setting(match, capability, mode, _kind(match, kind))


@means("PiChatSiren", needs=("siren",))
def sound_siren(match: Match) -> Meaning | None:
    """Off is for every siren of the house; on as well, and asked for first."""
    return setting(match, "siren", match.slots["wanted"] == "on", _kind(match, "siren"))


@means("PiChatTilt", needs=("tilt",))
def tilt(match: Match) -> Meaning | None:
    return _slats(match, "tilt", int(match.slots["position"]))


@means("PiChatStopCover", needs=("cover_motion",))
def stop_cover(match: Match) -> Meaning | None:
    return _slats(match, "cover_motion", "stop")


def _slats(match: Match, capability: str, value: Any) -> Meaning | None:
    if match.named:
        return setting(match, capability, value)
    if COVERINGS.intersection(classes(match)):
        return setting(match, capability, value, ("cover",))
    return None
