"""A tool's arguments as a JSON schema that costs a model few tokens: flat, without titles, limits
and references."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

TOLD = "told_to_models"
"""The key in a field's `msgspec.Meta(extra=…)`: "required" where the strict path does not require
it, "not" for a field that no model needs to know of."""

REQUIRED = msgspec.Meta(extra={TOLD: "required"})
NOT_TOLD = msgspec.Meta(extra={TOLD: "not"})


@cache
def flat_schema(arguments: type[msgspec.Struct]) -> dict[str, Any]:
    """The schema of an object. The fields of a Struct within it stand beside its other fields;
    see `pichat.tools.specs` for the way back. It is the same object each time: only read it."""
    properties: dict[str, Any] = {}
    required: list[str] = []
    for field in fields_of(arguments):
        inner = field.type
        told = (inner.extra or {}).get(TOLD) if isinstance(inner, inspect.Metadata) else None
        if told == "not":
            continue
        if isinstance(inner, inspect.StructType):
            nested = flat_schema(inner.cls)
            properties |= nested["properties"]
            required += nested.get("required", [])
        else:
            properties[field.encode_name] = _schema(inner)
            required += [field.encode_name] if field.required or told == "required" else []
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    return schema | {"required": required} if required else schema


def fields_of(arguments: type[msgspec.Struct]) -> tuple[inspect.Field, ...]:
    info = inspect.type_info(arguments)
    if not isinstance(info, inspect.StructType):
        raise TypeError(f"{arguments} is no Struct")
    return info.fields


def _schema(kind: inspect.Type) -> dict[str, Any]:
    if isinstance(kind, inspect.Metadata):
        return _schema(kind.type) | (kind.extra_json_schema or {})
    if isinstance(kind, inspect.VarTupleType):
        return {"type": "array", "items": _schema(kind.item_type)}
    if isinstance(kind, inspect.LiteralType):
        return {"type": "string", "enum": list(kind.values)}
    if isinstance(kind, inspect.UnionType):
        return _any_of(kind)
    return {"type": _simple(kind)}


def _any_of(kind: inspect.UnionType) -> dict[str, Any]:
    """Null is what is left out; a Struct (a colour) is written as a text."""
    none_or_struct = (inspect.NoneType, inspect.StructType)
    found = [_schema(each) for each in kind.types if not isinstance(each, none_or_struct)]
    if len(found) == 1:
        return found[0]
    # Every integer is a number as well.
    types = [each["type"] for each in found if each.keys() == {"type"}]
    if len(types) < len(found):
        return {"anyOf": found}
    return {"type": [each for each in types if each != "integer" or "number" not in types]}


def _simple(kind: inspect.Type) -> str:
    names: dict[type[inspect.Type], str] = {
        inspect.BoolType: "boolean",
        inspect.IntType: "integer",
        inspect.FloatType: "number",
        inspect.StrType: "string",
    }
    try:
        return names[type(kind)]
    except KeyError:
        raise TypeError(f"{kind} has no place in a tool's schema") from None
