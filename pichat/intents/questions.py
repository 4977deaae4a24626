"""Intents that ask."""

from __future__ import annotations

from pichat.events import Device, Kind, ToolCall
from pichat.intents.actions import COVERINGS, OPENINGS, classes
from pichat.intents.match import (
    Match,
    Meaning,
    asking,
    devices_target,
    kinds_of,
    means,
    named_devices,
)

MAIN_CAPABILITY: dict[Kind, str] = {
    "light": "on_off",
    "plug": "on_off",
    "switch": "on_off",
    "cover": "cover_position",
    "lock": "lock",
    "thermostat": "temperature",
    "fan": "on_off",
    "siren": "siren",
    "remote": "battery",
}
"""What a device's state is when nothing more is said."""

SENSED: tuple[str, ...] = (
    *("contact", "occupancy", "water_leak", "smoke", "gas", "vibration"),
    *("temperature", "co2", "pm25", "humidity", "pressure", "illuminance", "power"),
)

# The words of the package's state lists, and the capability that each is about.
STATES_OF = {
    "on_off": frozenset({"on", "off"}),
    "cover_position": frozenset({"open", "closed"}),
    "lock": frozenset({"locked", "unlocked"}),
}


@means("HassGetCurrentTime")
def current_time(match: Match) -> Meaning:  # noqa: ARG001
    return Meaning(calls=(ToolCall(name="get_time", arguments={}),))


@means("HassGetCurrentDate")
def current_date(match: Match) -> Meaning:  # noqa: ARG001
    return Meaning(calls=(ToolCall(name="get_date", arguments={}),))


@means("PiChatGetCondition")
def condition(match: Match) -> Meaning:  # noqa: ARG001
    """Whether all devices answer, and their batteries: what is asked is left to the answer."""
    return Meaning(calls=(ToolCall(name="get_house_state", arguments={}),))


@means("HassNevermind")
def never_mind(match: Match) -> Meaning:  # noqa: ARG001
    """Whoever called wants nothing any more: nothing is done, and nothing is said."""
    return Meaning(calls=())


@means("HassClimateGetTemperature")
def temperature(match: Match) -> Meaning | None:
    return asking(match, "temperature")


@means("PiChatGetValue")
def value(match: Match) -> Meaning | None:
    return asking(match, str(match.slots["capability"]))


@means("PiChatGetOccupancy")
def occupancy(match: Match) -> Meaning | None:
    return asking(match, "occupancy")


@means("HassGetState")
def state(match: Match) -> Meaning | None:
    if match.named:
        return _named_state(match)
    domain, wanted = match.slots.get("domain"), match.slots.get("state")
    if domain == "cover":
        return _openings(match)
    if domain == "lock" and wanted in STATES_OF["lock"]:
        return asking(match, "lock", ("lock",))
    kinds = kinds_of(match)
    return asking(match, "on_off", kinds) if kinds and wanted in STATES_OF["on_off"] else None


def _named_state(match: Match) -> Meaning | None:
    devices = named_devices(match)
    if not devices:
        return None
    device = devices[0]
    if device.kind != "sensor":
        return asking(match, MAIN_CAPABILITY[device.kind])
    wanted = "occupancy" if device.capability("occupancy") else "contact"
    if "state" in match.slots:
        return asking(match, wanted)
    sensed = next((name for name in SENSED if device.capability(name)), None)
    return asking(match, sensed) if sensed else None


def _openings(match: Match) -> Meaning | None:
    """Blinds are covers; doors and windows are contact sensors with that word in their name."""
    said = classes(match)
    if COVERINGS.intersection(said):
        return asking(match, "cover_position", ("cover",))
    openings = OPENINGS.intersection(said)
    if not openings or match.slots.get("state") not in ("open", "closed"):
        return None
    devices: list[Device] = [
        device
        for area in match.areas or (None,)
        for device in match.within(area)
        if device.capability("contact")
        and any(opening in device.name.casefold() for opening in openings)
    ]
    if not devices:
        return None
    call = ToolCall(
        name="get_device_state",
        arguments={"target": devices_target(devices), "capability": "contact"},
    )
    return Meaning(calls=(call,))
