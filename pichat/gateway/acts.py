"""Changing the network: through the tools, as everything that acts."""

from typing import Any, Literal

import msgspec

from pichat.events import ToolCall, ToolResult
from pichat.gateway.context import Context
from pichat.gateway.protocol import new_id


async def act(
    context: Context, name: str, arguments: dict[str, Any], source: Literal["screen", "shell"]
) -> ToolResult:
    """Call a tool. Arguments that are None or unset are left out. Raises what the tool raises."""
    given = {
        key: value
        for key, value in arguments.items()
        if value is not None and value is not msgspec.UNSET
    }
    call = ToolCall(name=name, arguments=given)
    return await context.services.tools.call(call, source=source, turn_id=new_id())
