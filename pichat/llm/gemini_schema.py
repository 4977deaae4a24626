"""A JSON schema in the part of OpenAPI's that Gemini takes for the parameters of a function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TAKEN = {
    "title", "description", "minItems", "maxItems", "minimum", "maximum", "minLength", "maxLength",
    "minProperties", "maxProperties", "pattern", "required", "default",
}  # fmt: skip
_FORMATS = {"float", "double", "int32", "int64", "date-time", "enum"}


def gemini_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """`schema` without what Gemini would refuse the whole request for; references are resolved."""
    return _converted(schema, schema.get("$defs") or schema.get("definitions") or {}, ())


def _converted(schema: Any, named: Mapping[str, Any], inside: tuple[str, ...]) -> dict[str, Any]:
    """`inside`: the references that this is a part of; one that contains itself ends there."""
    if not isinstance(schema, Mapping):
        return {}
    if isinstance(reference := schema.get("$ref"), str):
        if reference in inside:
            return {}
        inside = (*inside, reference)
        target = named.get(reference.rpartition("/")[2], {})
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        schema = {**target, **beside}
    result = {key: value for key, value in schema.items() if key in _TAKEN}
    if schema.get("format") in _FORMATS:
        result["format"] = schema["format"]
    _set_type(result, schema)
    _set_values(result, schema)
    if properties := schema.get("properties"):
        result["properties"] = {
            name: _converted(each, named, inside) for name, each in properties.items()
        }
    if "items" in schema:
        result["items"] = _converted(schema["items"], named, inside)
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        _set_choices(result, choices, named, inside)
    return result


def _set_type(result: dict[str, Any], schema: Mapping[str, Any]) -> None:
    types = schema.get("type")
    if isinstance(types, str):
        result["type"] = types
    elif isinstance(types, list | tuple):
        real = [each for each in types if each != "null"]
        if len(real) < len(types):
            result["nullable"] = True
        if len(real) == 1:
            result["type"] = real[0]
        elif real:
            result["anyOf"] = [{"type": each} for each in real]


def _set_values(result: dict[str, Any], schema: Mapping[str, Any]) -> None:
    """Only texts can be enumerated."""
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    if not isinstance(values, list | tuple):
        return
    if None in values:
        result["nullable"] = True
    texts = [value for value in values if isinstance(value, str)]
    if texts and len(texts) + (None in values) == len(values):
        result |= {"type": "string", "enum": texts}


def _set_choices(
    result: dict[str, Any], choices: list[Any], named: Mapping[str, Any], inside: tuple[str, ...]
) -> None:
    real = [each for each in choices if each != {"type": "null"}]
    if len(real) < len(choices):
        result["nullable"] = True
    converted = [_converted(each, named, inside) for each in real]
    if len(converted) == 1:
        result |= {key: value for key, value in converted[0].items() if key not in result}
    elif converted:
        result["anyOf"] = converted
