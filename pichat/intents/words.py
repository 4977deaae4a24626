"""English words for the capabilities that few devices have: what was done, and what is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pichat.events import DeviceOutcome, State
from pichat.intents.phrases import degrees, listed, number, plain, the

ALARMS = {
    "water_leak": ("a leak", "a leak"),
    "smoke": ("smoke", "smoke"),
    "gas": ("gas", "gas"),
    "vibration": ("vibration", "vibration"),
    "tamper": ("sign of tampering", "that somebody has tampered with it"),
}
"""As “there is no …”, and as “the sensor reports …”."""

STATES = {
    "siren": ("sounding", "silent"),
    "jammed": ("jammed", "not jammed"),
    "battery_low": ("low on battery", "fine"),
    "water_leak": ("wet", "dry"),
}
"""True and false."""

_STOPPED = {"stop": "Stopped", "open": "Started to open", "close": "Started to close"}


def act(capability: str, value: State) -> tuple[str, str] | None:
    """The verb, and what stands after the devices; None for a capability that is no news here."""
    if capability == "siren":
        return ("Turned on" if value else "Turned off"), ""
    if capability == "cover_motion":
        return _STOPPED.get(str(value), "Moved"), ""
    if capability == "tilt":
        return "Tilted", f" to {number(value)} percent"
    if capability in ("heating_setpoint", "cooling_setpoint"):
        return "Set", f" to {degrees(value)}"
    if isinstance(value, str):
        return "Set", f" to {value.replace('_', ' ')}"
    return None


def alarm(area: str | None, known: Sequence[DeviceOutcome]) -> str:
    """The answer to "is there a leak (in …)"."""
    none, told = ALARMS[known[0].capability]
    where = f" in the {plain(area)}" if area else ""
    raised = [outcome for outcome in known if outcome.state]
    if not raised:
        return f"No, there is no {none.removeprefix('a ')}{where}"
    names = listed(the(outcome.device_name) for outcome in raised)
    return f"Yes, {names} {'report' if len(raised) > 1 else 'reports'} {told}"


def values(
    name: str, place: str, value: Any, *, past: bool = False
) -> dict[str, Callable[[], str]]:
    """A sentence for each capability, without its full stop."""
    be, have = ("was", "had") if past else ("is", "has")
    return {
        "co2": lambda: f"the CO2 level in {place} {be} {number(value)} ppm",
        "carbon_monoxide": lambda: f"the carbon monoxide in {place} {be} {number(value)} ppm",
        "formaldehyde": lambda: f"the formaldehyde in {place} {be} {float(value):.3f} ppm",
        "pm25": lambda: f"the fine dust in {place} {be} {number(value)} micrograms",
        "pressure": lambda: f"the pressure in {place} {be} {number(value)} hectopascal",
        "current": lambda: f"{name} {be} drawing {number(value)} amperes",
        "fan_speed": lambda: f"{name} {be} at {number(value)} percent",
        "tilt": lambda: f"{name} {be} tilted to {number(value)} percent",
        "heating_setpoint": lambda: f"{name} heats to {degrees(value)}",
        "cooling_setpoint": lambda: f"{name} cools to {degrees(value)}",
        "thermostat_mode": lambda: f"{name} {be} set to {value}",
        "fan_mode": lambda: f"{name} {be} set to {value}",
        "last_operation": lambda: f"{name} {have} last been {value}",
    }
