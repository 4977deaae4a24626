"""Whether a value is what a JSON schema asks for: the keywords that tools use.

Of the vocabulary of draft 2020-12: types, enum and const, the bounds of numbers, strings, lists and
objects, references within the schema, and the combinations. What says nothing about validity
(title, format, default …) is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Schema = Mapping[str, Any]
_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: (
        not isinstance(value, bool)
        and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))
    ),
}


def fits(value: Any, schema: Schema | bool, root: Schema | None = None) -> bool:
    """`root`: where references are looked up; the schema itself when it is the whole."""
    if isinstance(schema, bool):
        return schema
    root = schema if root is None else root
    checks = (_is_type, _is_chosen, _is_combined, _is_number, _is_string, _is_list, _is_object)
    return all(check(value, schema, root) for check in checks)


def resolved(schema: Schema, root: Schema) -> Schema | bool:
    """What a `$ref` within `root` means. Raises ValueError when it leads nowhere."""
    found: Any = root
    path = str(schema["$ref"])
    for step in path.removeprefix("#").split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        if not isinstance(found, Mapping) or step not in found:
            raise ValueError(f"the reference {path} leads nowhere")
        found = found[step]
    if not path.startswith("#") or not isinstance(found, Mapping | bool):
        raise ValueError(f"the reference {path} leads nowhere")
    return found


def types_of(schema: Schema) -> list[str]:
    """Those that it names; none means any."""
    named = schema.get("type", [])
    return [named] if isinstance(named, str) else list(named)


def _same(one: Any, other: Any) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _is_type(value: Any, schema: Schema, _: Schema) -> bool:
    named = types_of(schema)
    return not named or any(_TYPES[each](value) for each in named if each in _TYPES)


def _is_chosen(value: Any, schema: Schema, _: Schema) -> bool:
    if "const" in schema and not _same(value, schema["const"]):
        return False
    return "enum" not in schema or any(_same(value, each) for each in schema["enum"])


def _is_combined(value: Any, schema: Schema, root: Schema) -> bool:
    if "$ref" in schema and not fits(value, resolved(schema, root), root):
        return False
    if not all(fits(value, each, root) for each in schema.get("allOf", ())):
        return False
    if "anyOf" in schema and not any(fits(value, each, root) for each in schema["anyOf"]):
        return False
    if "oneOf" in schema and sum(fits(value, each, root) for each in schema["oneOf"]) != 1:
        return False
    return "not" not in schema or not fits(value, schema["not"], root)


def _is_number(value: Any, schema: Schema, _: Schema) -> bool:
    if not _TYPES["number"](value):
        return True
    step = schema.get("multipleOf")
    return (
        value >= schema.get("minimum", value)
        and value <= schema.get("maximum", value)
        and ("exclusiveMinimum" not in schema or value > schema["exclusiveMinimum"])
        and ("exclusiveMaximum" not in schema or value < schema["exclusiveMaximum"])
        and (step is None or float(value / step).is_integer())
    )


def _is_string(value: Any, schema: Schema, _: Schema) -> bool:
    if not isinstance(value, str):
        return True
    length = len(value)
    try:
        matches = re.search(schema.get("pattern", ""), value) is not None
    except re.error:  # one that only other languages know
        matches = True
    return schema.get("minLength", 0) <= length <= schema.get("maxLength", length) and matches


def _is_list(value: Any, schema: Schema, root: Schema) -> bool:
    if not isinstance(value, list):
        return True
    first = schema.get("prefixItems", ())
    return (
        schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value))
        and (not schema.get("uniqueItems") or not _repeats(value))
        and all(fits(item, each, root) for item, each in zip(value, first, strict=False))
        and all(fits(item, schema.get("items", True), root) for item in value[len(first) :])
    )


def _repeats(items: list[Any]) -> bool:
    return any(_same(one, other) for at, one in enumerate(items) for other in items[:at])


def _is_object(value: Any, schema: Schema, root: Schema) -> bool:
    if not isinstance(value, dict):
        return True
    known = schema.get("properties", {})
    other = schema.get("additionalProperties", True)
    return (
        all(name in value for name in schema.get("required", ()))
        and schema.get("minProperties", 0) <= len(value)
        and len(value) <= schema.get("maxProperties", len(value))
        and all(fits(each, known.get(name, other), root) for name, each in value.items())
    )
