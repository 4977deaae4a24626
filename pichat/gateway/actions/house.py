"""Devices: what there is, and changing it through the one door, the tools."""

import time
from typing import Annotated, Any, Literal

import msgspec

from pichat.errors import BadRequestError, NotFoundError, PiChatError
from pichat.events import Device, DeviceOutcome, Question, State
from pichat.gateway.acts import act
from pichat.gateway.context import Context
from pichat.gateway.registry import action

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class GetDevices(msgspec.Struct, frozen=True, kw_only=True):
    pass


class Devices(msgspec.Struct, frozen=True, kw_only=True):
    devices: tuple[Device, ...]


class ControlDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device by its id, or a device or a group by its name. `transition_s`: how long a light
    takes to get there. `value` is of the capability's type: true or false, a number in its unit, or
    for `colour` {"hue_deg": 0–360, "saturation_percent": 0–100}. `user`: whose wish it is, by id or
    name, on a screen that is nobody's in particular."""

    capability: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    value: State
    device_id: Name | None = None
    name: Name | None = None
    transition_s: Annotated[float, msgspec.Meta(ge=0, le=3600)] | None = None
    source: Literal["screen", "shell"] = "screen"
    user: Name | None = None


class Controlled(msgspec.Struct, frozen=True, kw_only=True):
    """`state` is what the device itself confirmed. With a `question` nothing was done yet: a person
    has to say yes first (`confirm`), and device_id, name and state are null; so they are of a
    group, whose `outcomes` tell what became of each device. With `going_to` the device has accepted
    that and is on its way."""

    device_id: str | None = None
    name: str | None = None
    capability: str
    state: State | None = None
    duration_ms: float
    question: Question | None = None
    outcomes: tuple[DeviceOutcome, ...] = ()
    going_to: State | None = None


class UpdateDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A field that is left out stays as it is; `area: null` takes the device out of its room.
    `confirm`: a person has to say yes before it opens, unlocks or heats."""

    device_id: Name
    name: Name | msgspec.UnsetType = msgspec.UNSET
    area: Name | msgspec.UnsetType | None = msgspec.UNSET
    confirm: bool | msgspec.UnsetType = msgspec.UNSET


class Updated(msgspec.Struct, frozen=True, kw_only=True):
    device: Device


@action("get_devices", needs="guest")
def get_devices(context: Context, payload: GetDevices) -> Devices:  # noqa: ARG001
    """List every device with its capabilities and its state as last reported."""
    return Devices(devices=context.services.house.devices())


@action(
    "control_device",
    needs="guest",
    example={"name": "Kitchen light", "capability": "on_off", "value": True},
)
async def control_device(context: Context, payload: ControlDevice) -> Controlled:
    """Change one capability of one device. Complete only once the device has confirmed the new
    state, or with the question that a person has to answer first; otherwise an error:
    device_silent, not_confirmed, unsupported, not_found, unavailable."""
    target = payload.device_id or payload.name
    if target is None:
        raise BadRequestError("“control_device” lacks the field “device_id” or “name”.")
    arguments: dict[str, Any] = {
        "target": {"devices": [target]},
        "capability": payload.capability,
        "value": msgspec.to_builtins(payload.value),
    }
    if payload.transition_s is not None:
        arguments["transition_s"] = payload.transition_s
    begin_s = time.monotonic()
    result = await act(context, "set_device_state", arguments, payload.source, payload.user)
    duration_ms = round((time.monotonic() - begin_s) * 1000, 1)
    if result.question is not None:
        return Controlled(
            capability=payload.capability, duration_ms=duration_ms, question=result.question
        )
    if len(result.outcomes) > 1:
        return Controlled(
            capability=payload.capability, duration_ms=duration_ms, outcomes=result.outcomes
        )
    (outcome,) = result.outcomes
    if outcome.error_code is not None or outcome.state is None:
        raise PiChatError.of(outcome.error_code, outcome.error or "The device did not do it.")
    return Controlled(
        device_id=outcome.device_id,
        name=outcome.device_name,
        capability=outcome.capability,
        state=outcome.state,
        duration_ms=duration_ms,
        going_to=outcome.going_to,
    )


@action(
    "update_device",
    needs="screen",
    example={"device_id": "00:12:4b:00:00:00:00:01", "name": "Reading lamp"},
)
async def update_device(context: Context, payload: UpdateDevice) -> Updated:
    """Give a device another name, put it in another room, or say whether a person has to say yes
    before it opens, unlocks or heats."""
    house = context.services.house
    device = next((d for d in house.devices() if d.id == payload.device_id), None)
    if device is None:
        raise NotFoundError(f"There is no device with the id “{payload.device_id}”.")
    if payload.name is not msgspec.UNSET or payload.area is not msgspec.UNSET:
        name = device.name if payload.name is msgspec.UNSET else _clean("name", payload.name)
        area = device.area if payload.area is msgspec.UNSET else payload.area
        if area is not None:
            area = _clean("area", area)
        device = await house.rename(device.id, name=name, area=area)
    if payload.confirm is not msgspec.UNSET:
        device = await house.mark(device.id, payload.confirm)
    return Updated(device=device)


def _clean(field: str, text: str) -> str:
    """Names are spoken and shown: one line that can be read."""
    cleaned = " ".join(text.split())
    if not cleaned or not cleaned.isprintable():
        raise BadRequestError(f"“update_device”: the field “{field}” has to be readable text.")
    return cleaned
