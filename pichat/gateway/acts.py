"""Changing the house: through the tools, as everything that acts."""

from typing import Any, Literal

import msgspec

from pichat.events import ToolCall, ToolResult
from pichat.gateway.context import Context
from pichat.gateway.people import source_of, speaking_for, tools_of
from pichat.gateway.protocol import new_id


async def act(
    context: Context,
    name: str,
    arguments: dict[str, Any],
    source: Literal["screen", "shell"],
    user: str | None = None,
) -> ToolResult:
    """Call a tool for the caller, or for the person that it names. Arguments that are None or
    unset are left out. Raises NotFoundError, NotAllowedError, and what the
    tool raises."""
    given = {
        key: value
        for key, value in arguments.items()
        if value is not None and value is not msgspec.UNSET
    }
    call = ToolCall(name=name, arguments=given)
    services = context.services
    caller = speaking_for(services, context.caller, user)
    return await services.tools.call(
        call,
        source=source_of(services, caller, source),
        turn_id=new_id(),
        allowed=tools_of(services, caller),
    )
