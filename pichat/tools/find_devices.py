"""Look devices up, where a house has too many to know by heart."""

from __future__ import annotations

import re
from typing import Annotated, Any

import msgspec

from pichat.events import Device, Kind, ToolResult
from pichat.tools.base import Reach, tool
from pichat.tools.schema import NOT_TOLD, REQUIRED
from pichat.tools.targets import in_area

MOST = 20
_WORD = re.compile(r"\w+")


class FindDevices(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Without `query`, all of the area and the kind. To a model, both are words of the query."""

    query: Annotated[str, REQUIRED] = ""
    area: Annotated[str | None, NOT_TOLD] = None
    kind: Annotated[Kind | None, NOT_TOLD] = None


@tool("find_devices", FindDevices, "read")
async def find_devices(reach: Reach, arguments: FindDevices) -> ToolResult:
    """Look up devices by words of their name, room, kind or what they can."""
    words = [_stem(word) for word in _WORD.findall(arguments.query.casefold())]
    found = [
        (_score(device, words), device)
        for device in in_area(arguments.area, reach.house.devices())
        if arguments.kind in (None, device.kind)
    ]
    fitting = [(score, device) for score, device in found if score or not words]
    fitting.sort(key=lambda each: (-each[0], each[1].name.casefold(), each[1].id))
    value: dict[str, Any] = {"devices": [_told(device) for _, device in fitting[:MOST]]}
    if len(fitting) > MOST:
        value["more"] = len(fitting) - MOST
    return ToolResult(value=value)


def _score(device: Device, words: list[str]) -> int:
    """How many of the words are about the device."""
    capabilities = " ".join(capability.name for capability in device.capabilities)
    text = f"{device.name} {device.area or ''} {device.kind} {capabilities}".casefold()
    about = {_stem(word) for word in _WORD.findall(text.replace("_", " "))}
    return sum(word in about for word in words)


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") else word


def _told(device: Device) -> dict[str, Any]:
    told: dict[str, Any] = {"name": device.name, "area": device.area, "kind": device.kind}
    told["can"] = [each.name for each in device.capabilities if each.writable]
    told["state"] = msgspec.to_builtins(device.state)
    if not device.available:
        told["available"] = False
    return told
