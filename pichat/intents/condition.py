"""Whether the devices are all there, and their batteries full: in English."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pichat.events import Device
from pichat.intents.phrases import listed, number, sentence, the
from pichat.intents.understood import Understood
from pichat.moments import since

LOW_BATTERY_PERCENT = 20.0
_RECENTLY_S = 3600.0
_NAMED = 5
"""More are counted: who listens does not remember them."""


def told(understood: Understood, devices: Sequence[Device], now_s: float) -> str:
    """The answer to a question about all devices (`slots["about"]`: devices, batteries)."""
    if understood.slots.get("about") == "batteries":
        return sentence(_batteries(understood.response, devices))
    return sentence(_missing(understood.response, devices, now_s))


def _missing(response: str, devices: Sequence[Device], now_s: float) -> str:
    missing = [device for device in devices if not device.available]
    if not devices:
        return "there are no devices yet"
    if len(missing) == len(devices) > 1:
        return f"none of the {len(devices)} devices can be reached at the moment"
    if not missing:
        nothing = {"all": f"yes, all {len(devices)} answer", "any": "no, everything answers"}
        return nothing.get(response, "none; everything answers")
    start = {"all": "no, ", "any": "yes, "}.get(response, "")
    return f"{start}{_counted(missing, lambda device: _gone(device, now_s))}"


def _gone(device: Device, now_s: float) -> str:
    """ "the hallway sensor has not been heard from since Tuesday"."""
    heard_s = device.last_seen_s
    if heard_s is None or now_s - heard_s < _RECENTLY_S:
        return f"{the(device.name)} does not answer"
    return f"{the(device.name)} has not been heard from {since(heard_s, now_s)}"


def _batteries(response: str, devices: Sequence[Device]) -> str:
    charges = sorted(
        ((charge, device) for device in devices if (charge := charge_of(device)) is not None),
        key=lambda pair: pair[0],
    )
    if not charges:
        return "no device has told about its battery"
    low = [device for charge, device in charges if charge < LOW_BATTERY_PERCENT]
    if low:
        start = {"all": "no, ", "any": "yes, "}.get(response, "")
        return f"{start}{_counted(low, _battery)}"
    start = {"all": "yes", "any": "no"}.get(response, "none")
    return f"{start}; the lowest is that of {the(charges[0][1].name)}, {_percent(charges[0][0])}"


def charge_of(device: Device) -> float | None:
    """What is left in its battery, in percent."""
    charge = device.state.get("battery")
    return float(charge) if isinstance(charge, int | float) else None


def _battery(device: Device) -> str:
    return f"the battery of {the(device.name)} is at {_percent(charge_of(device) or 0.0)}"


def _percent(charge: float) -> str:
    return f"{number(charge)} percent"


def _counted(devices: Sequence[Device], tell: Callable[[Device], str]) -> str:
    more = len(devices) - _NAMED
    named = [tell(device) for device in devices[:_NAMED]]
    return listed([*named, f"{more} more"] if more > 0 else named)
