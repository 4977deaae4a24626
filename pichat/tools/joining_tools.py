"""Letting new devices in, as people ask for it. Not offered to models and other programs."""

from __future__ import annotations

from typing import Annotated, Protocol

import msgspec

from pichat.events import JoiningChanged, ToolResult
from pichat.tools.base import Reach, Tool

PERMIT_JOIN = "permit_join"


class Permits(Protocol):
    async def permit(self, duration_s: int) -> JoiningChanged:
        """Let devices join for that long; 0 ends it. Raises UnavailableError."""
        ...


class PermitJoin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    duration_s: Annotated[int, msgspec.Meta(ge=0, le=254)] = 120


def joining_tools(permits: Permits) -> dict[str, Tool]:
    """The tools by name, which let devices in through `permits`."""

    async def permit(_: Reach, given: PermitJoin) -> ToolResult:
        await permits.permit(given.duration_s)
        return ToolResult(value={"duration_s": given.duration_s})

    tool = Tool(
        name=PERMIT_JOIN,
        description="Let new devices join.",
        permission="act",
        arguments=PermitJoin,
        handler=permit,
        people_only=True,
    )
    return {tool.name: tool}
