"""A server's own list of its tools, before anybody believes it."""

from __future__ import annotations

from typing import Any

import msgspec

LONGEST_NAME = 128
LONGEST_DESCRIPTION = 4096  # characters; a model is told less
MOST_SCHEMA_BYTES = 64 * 1024
MOST_LEVELS = 32
_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}


class Shape(msgspec.Struct, frozen=True):
    """As much of the schema of a tool's results as can be checked in no time. The rest is not: a
    stranger's schema may take for ever to check by, and the daemon would stand still."""

    required: tuple[str, ...]
    types: dict[str, str]

    def fits(self, content: object) -> bool:
        """Whether a structured result has what was promised."""
        if not isinstance(content, dict) or not all(name in content for name in self.required):
            return False
        return all(
            isinstance(content[name], _TYPES[kind])
            for name, kind in self.types.items()
            if name in content
        )


def sort_out(result: dict[str, Any]) -> dict[str, Shape]:
    """Takes out of a `tools/list` result, in place, what cannot be used: one bad tool must not cost
    the others. Returns the shapes of results that the tools promise; the schemas of those go."""
    tools = result.get("tools")
    if not isinstance(tools, list):
        return {}
    good = [tool for tool in tools if isinstance(tool, dict) and _usable(tool)]
    result["tools"] = good
    shapes = {}
    for tool in good:
        promised = tool.pop("outputSchema", None)
        if isinstance(promised, dict) and promised.get("type") == "object":
            shapes[tool["name"]] = _shape(promised)
        if isinstance(tool.get("description"), str):
            tool["description"] = tool["description"][:LONGEST_DESCRIPTION]
    return shapes


def _usable(tool: dict[str, Any]) -> bool:
    name, schema = tool.get("name"), tool.get("inputSchema", {})
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME:
        return False
    if not isinstance(schema, dict) or schema.setdefault("type", "object") != "object":
        return False
    tool["inputSchema"] = schema
    if not _is_shallow(schema, MOST_LEVELS):
        return False
    try:
        return len(msgspec.json.encode(schema)) <= MOST_SCHEMA_BYTES
    except (UnicodeEncodeError, msgspec.MsgspecError):
        return False


def _is_shallow(value: object, levels: int) -> bool:
    if levels == 0:
        return False
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return all(_is_shallow(each, levels - 1) for each in parts)


def _shape(schema: dict[str, Any]) -> Shape:
    required = schema.get("required")
    names = required if isinstance(required, list) else []
    properties = schema.get("properties")
    described = properties if isinstance(properties, dict) else {}
    kinds = {
        name: each["type"]
        for name, each in described.items()
        if isinstance(each, dict) and isinstance(each.get("type"), str) and each["type"] in _TYPES
    }
    return Shape(tuple(name for name in names if isinstance(name, str)), kinds)
