"""Tell one capability of one device, of a room's devices, or of all."""

from __future__ import annotations

import asyncio

import msgspec

from pichat.events import ToolResult
from pichat.tools.base import Reach, tool
from pichat.tools.capabilities import Readable
from pichat.tools.outcome import outcome_of
from pichat.tools.targets import Target, resolve


class GetDeviceState(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    target: Target
    capability: Readable


@tool("get_device_state", GetDeviceState, "read")
async def get_device_state(reach: Reach, arguments: GetDeviceState) -> ToolResult:
    """Ask devices for a state."""
    house = reach.house
    devices = resolve(arguments.target, arguments.capability, house.devices(), house.groups())
    outcomes = await asyncio.gather(
        *(
            outcome_of(
                device,
                arguments.capability,
                house.read(device.id, arguments.capability),
            )
            for device in devices
        )
    )
    return ToolResult(outcomes=tuple(outcomes))
