"""The time and the date, in the machine's time zone."""

from __future__ import annotations

from datetime import datetime

from pichat.events import ToolResult
from pichat.tools.base import NoArguments, Reach, tool


@tool("get_time", NoArguments, "read")
async def get_time(reach: Reach, arguments: NoArguments) -> ToolResult:  # noqa: ARG001
    """The local time, as HH:MM:SS."""
    return ToolResult(value=datetime.now().astimezone().strftime("%H:%M:%S"))


@tool("get_date", NoArguments, "read")
async def get_date(reach: Reach, arguments: NoArguments) -> ToolResult:  # noqa: ARG001
    """The local date, as YYYY-MM-DD."""
    return ToolResult(value=datetime.now().astimezone().date().isoformat())
