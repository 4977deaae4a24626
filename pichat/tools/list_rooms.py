"""The rooms, and how much is in each."""

from __future__ import annotations

from collections import Counter

from pichat.events import ToolResult
from pichat.tools.base import NoArguments, Reach, tool
from pichat.tools.targets import rooms_of


@tool("list_rooms", NoArguments, "read")
async def list_rooms(reach: Reach, arguments: NoArguments) -> ToolResult:  # noqa: ARG001
    """The rooms, and what kinds of devices each has."""
    rooms = rooms_of(reach.house.devices())
    return ToolResult(
        value={
            area: dict(sorted(Counter(device.kind for device in devices).items()))
            for area, devices in rooms.items()
        }
    )
