"""The names that models are told of for what devices can tell and do."""

from __future__ import annotations

from typing import Annotated

import msgspec

SETTABLE = (
    "on_off",
    "brightness",
    "colour",
    "colour_temperature",
    "cover_position",
    "lock",
    "target_temperature",
    "thermostat_mode",
    "fan_mode",
    "fan_speed",
    "siren",
    "tilt",
    "cover_motion",
)
READABLE = (
    "on_off",
    "brightness",
    "cover_position",
    "lock",
    "target_temperature",
    "temperature",
    "humidity",
    "contact",
    "occupancy",
    "power",
    "energy",
    "battery",
    "water_leak",
    "smoke",
    "co2",
)
"""What is asked for most: each name costs tokens in every turn."""

# Models see these names; the strict path takes any text, and says which device lacks it.
Settable = Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(SETTABLE)})]
Readable = Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(READABLE)})]
