"""Values and capabilities as models word them, and as the house takes them. Only for models: the
strict path knows one word for each thing."""

from __future__ import annotations

import colorsys
import re
from typing import Any

import msgspec

from pichat.events import Kind
from pichat.intents.colours import COLOURS

KIND_WORDS: dict[str, Kind] = {
    "light": "light",
    "lamp": "light",
    "plug": "plug",
    "socket": "plug",
    "outlet": "plug",
    "switch": "switch",
    "switche": "switch",
    "cover": "cover",
    "blind": "cover",
    "shutter": "cover",
    "curtain": "cover",
    "shade": "cover",
    "lock": "lock",
    "thermostat": "thermostat",
    "heating": "thermostat",
    "sensor": "sensor",
    "fan": "fan",
    "ventilator": "fan",
    "siren": "siren",
    "alarm": "siren",
    "remote": "remote",
    "button": "remote",
}
"""Without the s of the plural."""

CAPABILITY_WORDS = {
    "state": "on_off",
    "switch": "on_off",
    "onoff": "on_off",
    "on/off": "on_off",
    "color": "colour",
    "color_temperature": "colour_temperature",
    "color_temp": "colour_temperature",
    "kelvin": "colour_temperature",
    "warmth": "colour_temperature",
    "position": "cover_position",
    "locked": "lock",
    "level": "brightness",
    "brightness_pct": "brightness",
    "motion": "occupancy",
    "presence": "occupancy",
    "opened": "contact",
    "setpoint": "target_temperature",
    "set_point": "target_temperature",
    "hvac_mode": "thermostat_mode",
    "system_mode": "thermostat_mode",
    "heating": "running_state",
    "speed": "fan_speed",
    "fan": "fan_mode",
    "alarm": "siren",
    "slats": "tilt",
    "tilt_position": "tilt",
    "leak": "water_leak",
    "water": "water_leak",
    "moisture": "water_leak",
    "carbon_dioxide": "co2",
    "air_quality": "co2",
    "pm2.5": "pm25",
    "fire": "smoke",
}
# What these are differs when something is set: nobody sets a measurement.
SETTING_WORDS = {"power": "on_off", "temperature": "target_temperature"}
SETTING_WORDS |= {"heating": "thermostat_mode", "motion": "cover_motion"}

_YES = frozenset({"on", "true", "yes", "1"})
_NO = frozenset({"off", "false", "no", "0"})
_SWITCHED: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "on_off": (_YES, _NO),
    "siren": (_YES, _NO | {"silent"}),
    "lock": (_YES | {"lock", "locked", "close", "closed"}, _NO | {"unlock", "unlocked", "open"}),
}
_NUMBERS: dict[str, dict[str, int]] = {
    "cover_position": {"open": 100, "up": 100, "close": 0, "closed": 0, "down": 0, "half": 50},
    "tilt": {"open": 100, "close": 0, "closed": 0, "half": 50},
    "fan_speed": {"off": 0, "low": 33, "medium": 66, "high": 100, "full": 100, "max": 100},
    "brightness": {"full": 100, "max": 100, "maximum": 100, "half": 50},
    "colour_temperature": {"warm": 2700, "warm white": 2700, "neutral": 4000, "white": 4000}
    | {"cool": 5500, "cold": 5500, "cool white": 5500, "cold white": 5500},
}
_NUMBER = re.compile(
    r"(-?\d+(?:[.,]\d+)?)\s*(?:%|percent|k|kelvin|°|°?c|degrees?|degrees celsius)?"
)
_HEX = re.compile(r"#?([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})")


def kind_of_word(word: str) -> Kind | None:
    """The kind that a word means, in the singular or the plural."""
    folded = word.casefold().strip()
    return KIND_WORDS.get(folded) or KIND_WORDS.get(folded.removesuffix("s"))


def capability_of(word: str, *, setting: bool) -> str:
    """The capability that a word means; the word itself when none is known for it."""
    name = word.strip().casefold().replace(" ", "_").replace("-", "_")
    if setting and name in SETTING_WORDS:
        return SETTING_WORDS[name]
    return CAPABILITY_WORDS.get(name, name)


def value_of(value: Any, capability: str) -> Any:
    """The value in the capability's own terms: "on" is true, "50 %" is 50, "red" is a colour. What
    is not understood stays, for the house to refuse."""
    if capability == "cover_position" and isinstance(value, bool):
        return 100 if value else 0
    if not isinstance(value, str):
        return value
    text = value.strip().casefold()
    if capability in _SWITCHED:
        yes, no = _SWITCHED[capability]
        return True if text in yes else False if text in no else value
    if capability == "colour":
        return _colour(text) or value
    if text in _NUMBERS.get(capability, {}):
        return _NUMBERS[capability][text]
    number = _NUMBER.fullmatch(text)
    return _number(number[1]) if number else value


def _number(text: str) -> float:
    number = float(text.replace(",", "."))
    return int(number) if number.is_integer() else number


def _colour(text: str) -> dict[str, Any] | None:
    if text in COLOURS:
        colour: dict[str, Any] = msgspec.to_builtins(COLOURS[text])
        return colour
    parts = _HEX.fullmatch(text)
    if parts is None:
        return None
    hue, saturation, _ = colorsys.rgb_to_hsv(*(int(part, 16) / 255 for part in parts.groups()))
    return {"hue_deg": round(hue * 360), "saturation_percent": round(saturation * 100)}
