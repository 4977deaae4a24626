"""Intents that change the house."""

from __future__ import annotations

from typing import Any

from pichat.events import Device, ToolCall
from pichat.intents.colours import COLOURS, WHITE_K
from pichat.intents.match import (
    Match,
    Meaning,
    devices_target,
    kinds_of,
    means,
    named_devices,
    setting,
)

COVERINGS = frozenset({"awning", "blind", "curtain", "shade", "shutter"})
"""The cover classes that a cover without a class of its own may be called."""

OPENINGS = frozenset({"door", "window", "gate", "garage"})


@means("HassTurnOn", "HassTurnOff")
def turn(match: Match) -> Meaning | None:
    """On and off; for covers open and closed, for locks locked and unlocked. "Everything" is
    what can be on: lights, plugs and switches, never locks, covers or thermostats."""
    on = match.intent == "HassTurnOn"
    if match.named:
        return _turn_named(match, on)
    domain = match.slots.get("domain")
    if domain == "cover":
        return covers(match, 100 if on else 0)
    if domain == "lock":
        # Many doors are locked at once, but unlocked one by one and by name.
        return setting(match, "lock", True, ("lock",)) if on else None
    kinds = kinds_of(match)
    return setting(match, "on_off", on, kinds) if kinds else None


def _turn_named(match: Match, on: bool) -> Meaning | None:
    devices = named_devices(match)
    kinds = {device.kind for device in devices or ()}
    if kinds == {"cover"}:
        return setting(match, "cover_position", 100 if on else 0)
    if kinds == {"lock"}:
        return setting(match, "lock", on)
    if kinds == {"siren"}:
        return setting(match, "siren", on)
    if kinds == {"thermostat"}:
        return _switch_thermostat(match, devices or [], on)
    return setting(match, "on_off", on)


def _switch_thermostat(match: Match, devices: list[Device], on: bool) -> Meaning | None:
    """On is to heat, or to cool where it can do nothing else."""
    options = [c.options for d in devices if (c := d.capability("thermostat_mode"))]
    for mode in ("heat", "cool", "auto") if on else ("off",):
        if options and all(mode in each for each in options):
            return setting(match, "thermostat_mode", mode)
    return None


def classes(match: Match) -> list[str]:
    """Home Assistant's device classes that the sentence speaks of; a template may name several."""
    said: Any = match.slots.get("device_class")
    return said if isinstance(said, list) else [str(said)]


def covers(match: Match, position: int) -> Meaning | None:
    """Covers of a room or of the house, by what they are called in general."""
    if COVERINGS.intersection(classes(match)):
        return setting(match, "cover_position", position, ("cover",))
    return None


@means("HassSetPosition")
def set_position(match: Match) -> Meaning | None:
    position = int(match.slots["position"])
    if match.named:
        return setting(match, "cover_position", position)
    return covers(match, position)


@means("HassLightSet")
def set_light(match: Match) -> Meaning | None:
    """Brightness in percent (0 is off), a colour by name, or a colour temperature in kelvin."""
    if "brightness" in match.slots:
        brightness, during = int(match.slots["brightness"]), _during(match)
        if brightness == 0:
            return setting(match, "on_off", False, ("light",), **during)
        return setting(match, "brightness", brightness, ("light",), **during)
    if "color" in match.slots:
        return _colour(match, str(match.slots["color"]))
    if "temperature" in match.slots:
        return setting(match, "colour_temperature", int(match.slots["temperature"]), ("light",))
    return None


def _during(match: Match) -> dict[str, int]:
    """How long the lights may take, when somebody said."""
    if minutes := match.slots.get("during_minutes"):
        return {"transition_s": int(minutes) * 60}
    if seconds := match.slots.get("during_seconds"):
        return {"transition_s": int(seconds)}
    return {}


def _colour(match: Match, name: str) -> Meaning | None:
    colour = COLOURS.get(name)
    if colour is None:
        return None
    meaning = setting(match, "colour", colour, ("light",))
    if meaning is None and name == "white":
        return setting(match, "colour_temperature", WHITE_K, ("light",))
    return meaning


@means("PiChatBrightnessStep")
def step_brightness(match: Match) -> Meaning | None:
    """Brighter or dimmer than each light is now; one that is off starts from nothing."""
    if match.named:
        devices = named_devices(match)
    else:
        devices = [d for area in match.areas or (match.here,) for d in match.within(area)]
    lights = [d for d in devices or () if d.kind == "light" and d.capability("brightness")]
    if not lights:
        return None
    step = int(match.slots["step"])
    calls = tuple(
        ToolCall(
            name="set_device_state",
            arguments={
                "target": devices_target([light]),
                "capability": "brightness",
                "value": min(100, max(1, _brightness(light) + step)),
            },
        )
        for light in lights
    )
    return Meaning(calls=calls, steady=False)


def _brightness(light: Device) -> int:
    level: Any = light.state.get("brightness", 50)
    return round(float(level)) if light.state.get("on_off", True) else 0


@means("HassClimateSetTemperature")
def set_temperature(match: Match) -> Meaning | None:
    """A thermostat's set-point: by name, by room, else of every thermostat."""
    wanted = float(match.slots["temperature"])
    value = int(wanted) if wanted.is_integer() else wanted
    return setting(match, "target_temperature", value, () if match.named else ("thermostat",))
