"""Change one capability of one device, of a room's devices, or of all."""

from __future__ import annotations

from functools import partial

import msgspec

from pichat.events import State, ToolResult
from pichat.tools.base import House, Needed, Reach, tool
from pichat.tools.capabilities import Settable
from pichat.tools.caution import those_that_need_yes
from pichat.tools.outcome import outcome
from pichat.tools.question_text import question_text
from pichat.tools.targets import Target, resolve


class SetDeviceState(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    target: Target
    capability: Settable
    value: State


def guard(house: House, arguments: SetDeviceState) -> Needed | None:
    """The whole call waits when one of its devices needs a yes."""
    capability, value = arguments.capability, arguments.value
    devices = resolve(arguments.target, capability, house.devices())
    marked = those_that_need_yes(devices, capability, value)
    if not marked:
        return None
    return Needed(marked, partial(question_text, marked, capability, value))


@tool("set_device_state", SetDeviceState, "act", guard=guard)
async def set_device_state(reach: Reach, arguments: SetDeviceState) -> ToolResult:
    """Set devices. devices: names, “kitchen lights”, “everything”. value: true or false, percent,
    kelvin, °C or a colour's name."""
    house = reach.house
    devices = resolve(arguments.target, arguments.capability, house.devices())
    results = await house.set_many(
        [device.id for device in devices], arguments.capability, arguments.value
    )
    outcomes = [outcome(device, arguments.capability, results[device.id]) for device in devices]
    return ToolResult(outcomes=tuple(outcomes))
