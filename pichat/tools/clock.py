"""The time as HH:MM:SS and the date as YYYY-MM-DD, in the machine's time zone."""

from __future__ import annotations

from datetime import datetime

from pichat.events import ToolResult
from pichat.tools.base import NoArguments, Reach, tool


@tool("get_time", NoArguments, "read")
async def get_time(reach: Reach, arguments: NoArguments) -> ToolResult:  # noqa: ARG001
    """The local time."""
    return ToolResult(value=datetime.now().astimezone().strftime("%H:%M:%S"))


@tool("get_date", NoArguments, "read")
async def get_date(reach: Reach, arguments: NoArguments) -> ToolResult:  # noqa: ARG001
    """The local date."""
    return ToolResult(value=datetime.now().astimezone().date().isoformat())
