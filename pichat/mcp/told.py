"""What a model is told of tools elsewhere: as little as lets it use them."""

from __future__ import annotations

from typing import Any

from pichat.llm.base import ToolSpec
from pichat.mcp.plain import compact, plain, shortened
from pichat.mcp.snapshot import KnownTool
from pichat.tools.remote import CALL_TOOL, FIND_TOOLS

_SPEC_WORDS, _SPEC_CHARS = 160, 340
_FOUND_WORDS, _FOUND_CHARS = 400, 1200

FINDING = ToolSpec(
    name=FIND_TOOLS,
    description="Find tools of other programs: web, mail, calendars, files and more.",
    parameters={
        "type": "object",
        "properties": {"query": {"type": "string", "description": "What to do, in English"}},
        "required": ["query"],
    },
)
CALLING = ToolSpec(
    name=CALL_TOOL,
    description="Call a tool that find_tools told of.",
    parameters={
        "type": "object",
        "properties": {"name": {"type": "string"}, "arguments": {"type": "object"}},
        "required": ["name", "arguments"],
    },
)
"""Both are the same bytes each time, so that they may stand before what changes."""


def spec_of(known: KnownTool) -> ToolSpec:
    """A tool that a model is offered, in some hundred tokens at most."""
    return ToolSpec(
        name=known.alias,
        description=shortened(known.description, _SPEC_WORDS),
        parameters=compact(plain(known.tool.schema), _SPEC_CHARS),
    )


def found_view(known: KnownTool) -> dict[str, Any]:
    """A tool that a model has looked for: more of it."""
    return {
        "name": known.alias,
        "description": shortened(known.description, _FOUND_WORDS),
        "arguments": compact(plain(known.tool.schema), _FOUND_CHARS),
    }
