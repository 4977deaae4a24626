"""What is on, open and unlocked, at one glance."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from pichat.events import Device, State, ToolResult
from pichat.intents.condition import LOW_BATTERY_PERCENT, charge_of
from pichat.moments import when
from pichat.tools.base import NoArguments, Reach, tool

_NAMED = 30
"""Names in a list; the rest is counted."""

_LISTS: dict[str, dict[str, Callable[[State], bool]]] = {
    "on": {"on_off": lambda state: state is True},
    "open": {
        "contact": lambda state: state is True,
        "cover_position": lambda state: isinstance(state, int | float) and state > 0,
    },
    "unlocked": {"lock": lambda state: state is False},
    "alarms": {
        name: lambda state: state is True for name in ("water_leak", "smoke", "gas", "siren")
    },
    "motion": {"occupancy": lambda state: state is True},
}


@tool("get_house_state", NoArguments, "read")
async def get_house_state(reach: Reach, arguments: NoArguments) -> ToolResult:  # noqa: ARG001
    """What is on, open or unlocked, how warm it is, and what does not answer."""
    devices = sorted(reach.house.devices(), key=lambda device: (device.name.casefold(), device.id))
    there = [device for device in devices if device.available]
    value: dict[str, Any] = {
        name: _named(device for device in there if _is(device, states))
        for name, states in _LISTS.items()
    }
    value["temperatures"] = {
        device.area or device.name: device.state["temperature"]
        for device in there
        if "temperature" in device.state
    }
    value["do_not_answer"] = _shortened(
        _missing(device) for device in devices if not device.available
    )
    value["low_batteries"] = _shortened(
        f"{device.name} ({charge:g} %)"
        for device in devices
        if (charge := charge_of(device)) is not None and charge < LOW_BATTERY_PERCENT
    )
    return ToolResult(value={name: told for name, told in value.items() if told})


def _is(device: Device, states: dict[str, Callable[[State], bool]]) -> bool:
    return any(name in device.state and fits(device.state[name]) for name, fits in states.items())


def _missing(device: Device) -> str:
    if device.last_seen_s is None:
        return device.name
    return f"{device.name} (last heard from {when(device.last_seen_s, time.time())})"


def _named(devices: Iterable[Device]) -> list[str]:
    return _shortened(device.name for device in devices)


def _shortened(texts: Iterable[str]) -> list[str]:
    found = list(texts)
    more = [f"and {len(found) - _NAMED} more"] if len(found) > _NAMED else []
    return found[:_NAMED] + more
