"""What is on, open and unlocked, at one glance."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pichat.events import Device, State, ToolResult
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
    "motion": {"occupancy": lambda state: state is True},
}


@tool("get_house_state", NoArguments, "read")
async def get_house_state(reach: Reach, arguments: NoArguments) -> ToolResult:  # noqa: ARG001
    """What is on, open or unlocked, and how warm it is."""
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
    if silent := _named(device for device in devices if not device.available):
        value["do_not_answer"] = silent
    return ToolResult(value={name: told for name, told in value.items() if told})


def _is(device: Device, states: dict[str, Callable[[State], bool]]) -> bool:
    return any(name in device.state and fits(device.state[name]) for name, fits in states.items())


def _named(devices: Iterable[Device]) -> list[str]:
    names = [device.name for device in devices]
    more = [f"and {len(names) - _NAMED} more"] if len(names) > _NAMED else []
    return names[:_NAMED] + more
