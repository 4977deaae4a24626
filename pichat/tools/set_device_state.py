"""Change one capability of one device, of a room's devices, or of all."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import msgspec

from pichat.events import LONG_TRANSITION_S, State, ToolResult
from pichat.tools.base import Needed, Reach, tool
from pichat.tools.capabilities import Settable
from pichat.tools.caution import those_that_need_yes
from pichat.tools.house import House
from pichat.tools.outcome import outcome
from pichat.tools.question_text import question_text
from pichat.tools.targets import Target, resolve


class SetDeviceState(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    target: Target
    capability: Settable
    value: State
    transition_s: Annotated[float, msgspec.Meta(ge=0, le=3600)] | None = None


def guard(house: House, arguments: SetDeviceState) -> Needed | None:
    """The whole call waits when one of its devices needs a yes."""
    capability, value = arguments.capability, arguments.value
    devices = resolve(arguments.target, capability, house.devices(), house.groups())
    marked = those_that_need_yes(devices, capability, value)
    if not marked:
        return None
    return Needed(marked, partial(question_text, marked, capability, value))


@tool("set_device_state", SetDeviceState, "act", guard=guard)
async def set_device_state(reach: Reach, arguments: SetDeviceState) -> ToolResult:
    """Set devices. devices: names, “kitchen lights”, “everything”. value: true or false, percent,
    kelvin, °C or a colour's name. transition_s: how long lights take."""
    house, capability, value = reach.house, arguments.capability, arguments.value
    devices = resolve(arguments.target, capability, house.devices(), house.groups())
    results = await house.set_many(
        [device.id for device in devices], capability, value, transition_s=arguments.transition_s
    )
    long = (arguments.transition_s or 0) > LONG_TRANSITION_S
    outcomes = [
        outcome(
            device,
            capability,
            results[device.id],
            going_to=value if long and device.kind == "light" else None,
        )
        for device in devices
    ]
    return ToolResult(outcomes=tuple(outcomes))
