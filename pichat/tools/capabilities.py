"""The names that a model may use for what devices can tell and do."""

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
)
READABLE = (
    *SETTABLE,
    "temperature",
    "humidity",
    "contact",
    "occupancy",
    "power",
    "energy",
    "voltage",
    "battery",
    "illuminance",
)

# Models see the names; the strict path takes any text, and says which device lacks it.
Settable = Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(SETTABLE)})]
Readable = Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(READABLE)})]
