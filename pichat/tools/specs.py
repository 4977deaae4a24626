"""Tools as a language model sees them: what it may call, what it wrote, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from pichat.errors import BadRequestError, PiChatError
from pichat.events import Device, ToolCall, ToolResult
from pichat.llm.base import ToolSpec
from pichat.tools.base import REGISTRY, Tool
from pichat.tools.meant import devices_meant, folded
from pichat.tools.others import groups_in, real, scenes_in
from pichat.tools.patterns import permitter
from pichat.tools.schema import fields_of, flat_schema
from pichat.tools.targets import Target, rooms_of
from pichat.tools.wording import capability_of, kind_of_word, value_of

NAMED_DEVICES = 40
"""A house with more is told as rooms and numbers: its devices are looked up."""

NAMED_ROOMS = 60

_OF_ITSELF = frozenset({"battery", "battery_low", "tamper", "jammed", "last_operation", "voltage"})
_OF_ITSELF |= {"current", "running_state", "power_on_behaviour", "squawk"}
"""Told of no device: what it has of them can be asked for."""

_ALIASES = {
    "device": ("devices",),
    "name": ("devices", "query"),
    "names": ("devices",),
    "room": ("area",),
    "location": ("area",),
    "kind": ("kinds",),
    "kinds": ("kind",),
    "type": ("kinds", "kind"),
    "property": ("capability",),
    "attribute": ("capability",),
    "state": ("value",),
    "message": ("text",),
}
"""What models write instead of the fields' names."""


def tool_specs(
    tools: Mapping[str, Tool],
    allowed: Sequence[str] | None = None,
    devices: Sequence[Device] | None = None,
) -> tuple[ToolSpec, ...]:
    """The tools whose names fit a pattern of `allowed` (None: all), and that are of use in the
    house of `devices` where they are given; by name, and the same bytes each time."""
    permits = permitter(allowed)
    return tuple(
        ToolSpec(
            name=name,
            description=tools[name].description,
            parameters=flat_schema(tools[name].arguments),
        )
        for name in sorted(tools)
        if permits(name) and not tools[name].people_only and _of_use(tools[name], devices)
    )


def _of_use(tool: Tool, devices: Sequence[Device] | None) -> bool:
    return devices is None or tool.told_when is None or bool(tool.told_when(devices))


def house_text(devices: Sequence[Device]) -> str:
    """The house for a system prompt: a line for each room, without states, so that it stays the
    same from turn to turn. Of a big house only how many there are of each kind."""
    rooms, others = rooms_of(real(devices)), _others(devices)
    if not rooms:
        return "The house has no devices yet."
    if len(real(devices)) <= NAMED_DEVICES:
        lines = [f"{area}: {'; '.join(map(_device, inside))}" for area, inside in rooms.items()]
        return "\n".join(["Devices by room:", *lines, *others])
    lines = [f"{area}: {_counted(inside)}" for area, inside in list(rooms.items())[:NAMED_ROOMS]]
    if len(rooms) > NAMED_ROOMS:
        lines.append(f"and {len(rooms) - NAMED_ROOMS} more rooms (list_rooms)")
    return "\n".join(["Rooms; find_devices tells the devices' names:", *lines, *others])


def _others(devices: Sequence[Device]) -> list[str]:
    """Groups and scenes, only by name."""
    named = {"Groups": groups_in(devices), "Scenes": scenes_in(devices)}
    return [
        f"{what}: {'; '.join(sorted(each.name for each in found))}"
        for what, found in named.items()
        if found
    ]


def _device(device: Device) -> str:
    can = [each.name for each in device.capabilities if each.name not in _OF_ITSELF]
    return f"{device.name} ({device.kind}: {', '.join(can)})"


def _counted(devices: Sequence[Device]) -> str:
    counts = sorted(Counter(device.kind for device in devices).items())
    return ", ".join(f"{number} {kind}{'s' * (number > 1)}" for kind, number in counts)


# --- what a model wrote ----------------------------------------------------------------------


def as_call(name: str, arguments: str, devices: Sequence[Device] = ()) -> ToolCall:
    """A call as the toolbox takes it, of JSON text in the terms of `tool_specs`.

    Forgives what small models get wrong: names in other words, "on" for true. With `devices`,
    names are found as people say them ("the kitchen lights"). Raises BadRequestError for what is no
    JSON object or has no target, and NotFoundError for a device that is not there, with sentences
    that help a model to try again.
    """
    given = {
        key: value
        for key, value in json_object(name, arguments).items()
        if value not in (None, "", [])
    }
    found = REGISTRY.get(name)
    if found is None:
        return ToolCall(name=name, arguments=given)
    nested = {
        field.encode_name: field.type.cls
        for field in fields_of(found.arguments)
        if isinstance(field.type, inspect.StructType)
    }
    for field in nested:
        inner = given.pop(field, None)
        given = {**inner, **given} if isinstance(inner, dict) else given
    given = _renamed(given, _field_names(found.arguments))
    if nested.get("target") is Target:
        return ToolCall(name=name, arguments=_targeted(name, given, devices))
    if isinstance(given.get("kind"), str):
        given["kind"] = kind_of_word(given["kind"]) or given["kind"]
    return ToolCall(name=name, arguments=given)


def json_object(name: str, arguments: str) -> dict[str, Any]:
    """The arguments of a call as a model wrote them. Raises BadRequestError."""
    try:
        return msgspec.json.decode(arguments or "{}", type=dict[str, Any] | None) or {}
    except msgspec.ValidationError as error:
        raise BadRequestError(f"{name}: the arguments have to be a JSON object.") from error
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadRequestError(f"{name}: the arguments are not valid JSON: {error}.") from error


@cache
def _field_names(arguments: type[msgspec.Struct]) -> frozenset[str]:
    """Of the arguments and of the Structs in them, also those that models are not told of."""
    names: set[str] = set()
    for field in fields_of(arguments):
        if isinstance(field.type, inspect.StructType):
            names |= _field_names(field.type.cls)
        else:
            names.add(field.encode_name)
    return frozenset(names)


def _renamed(given: dict[str, Any], fields: frozenset[str]) -> dict[str, Any]:
    renamed: dict[str, Any] = {}
    for key, value in given.items():
        other = next((each for each in _ALIASES.get(key, ()) if each in fields), key)
        renamed.setdefault(key if key in fields else other, value)
    return renamed


def _targeted(name: str, given: dict[str, Any], devices: Sequence[Device]) -> dict[str, Any]:
    """The arguments of a tool that acts on or reads devices."""
    setting = "value" in _field_names(REGISTRY[name].arguments)
    if isinstance(given.get("capability"), str):
        given["capability"] = capability_of(given["capability"], setting=setting)
    capability = str(given.get("capability", ""))
    if "value" in given:
        given["value"] = value_of(given["value"], capability)
    phrases, kinds = _texts(given.pop("devices", ())), _texts(given.pop("kinds", ()))
    area = given.pop("area", None)
    if not (phrases or kinds or area):
        raise BadRequestError(
            f"{name}: it lacks devices, area or kinds. For the whole house: devices [“all”]."
        )
    target: dict[str, Any] = {}
    if phrases:
        target["devices"] = phrases
        if devices and capability:
            target["devices"] = devices_meant(phrases, str(area or ""), capability, devices)
    if area and not phrases:
        target["area"] = _room(str(area), devices)
    if kinds and not phrases:
        target["kinds"] = [kind_of_word(kind) or kind for kind in kinds]
    return {"target": target, **given}


def _texts(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list | tuple) else [str(value)]


def _room(area: str, devices: Sequence[Device]) -> str:
    """The room's own spelling, where there is one."""
    rooms = {folded(device.area): device.area for device in devices if device.area}
    return rooms.get(folded(area), area)


# --- what came of it -------------------------------------------------------------------------


def result_text(result: ToolResult) -> str:
    """The result for a model, as JSON: what each device confirmed, what failed and why, the value,
    or the question that a person has to answer first."""
    told: dict[str, Any] = {}
    if result.question is not None:
        told["not_done_yet"] = "A person has to say yes first; you cannot."
        told["asked"] = result.question.text
    if confirmed := [o for o in result.outcomes if o.ok and o.going_to is None]:
        told["confirmed"] = [
            {"device": o.device_name, o.capability: msgspec.to_builtins(o.state)} for o in confirmed
        ]
    if going := [o for o in result.outcomes if o.going_to is not None]:
        told["on_its_way"] = [
            {"device": o.device_name, o.capability: msgspec.to_builtins(o.going_to)} for o in going
        ]
    if failed := [o for o in result.outcomes if not o.ok]:
        told["failed"] = [{"device": o.device_name, "why": o.error} for o in failed]
    if result.failed:
        told["the_tool_failed"] = True
    if result.images:
        told["pictures"] = len(result.images)
    if result.value is not None:
        told["value"] = msgspec.to_builtins(result.value)
    return msgspec.json.encode(told or {"done": True}).decode()


def failure_text(error: PiChatError) -> str:
    """A call that could not be tried, for a model."""
    return msgspec.json.encode({"error": error.code, "why": error.sentence}).decode()
