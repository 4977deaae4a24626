"""Change one capability of one device, of a room's devices, or of all."""

from __future__ import annotations

import asyncio

import msgspec

from pichat.events import State, ToolResult
from pichat.tools.base import House, tool
from pichat.tools.outcome import outcome_of
from pichat.tools.targets import Target, resolve


class SetDeviceState(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    target: Target
    capability: str
    value: State


@tool("set_device_state", SetDeviceState)
async def set_device_state(house: House, arguments: SetDeviceState) -> ToolResult:
    """Set a capability (on_off, brightness, cover_position, lock, …) and wait until each device
    has confirmed its new state."""
    devices = resolve(arguments.target, arguments.capability, house.devices())
    outcomes = await asyncio.gather(
        *(
            outcome_of(
                device,
                arguments.capability,
                house.set(device.id, arguments.capability, arguments.value),
            )
            for device in devices
        )
    )
    return ToolResult(outcomes=tuple(outcomes))
