"""Arguments for a tool elsewhere: mended where models usually err, and checked before they go."""

from __future__ import annotations

from typing import Any

from pichat.errors import BadRequestError
from pichat.llm.schema import fits, types_of
from pichat.mcp.plain import Schema

_TRUTHS = {"true": True, "false": False}
_MOST_CHOICES = 12


def checked(name: str, arguments: dict[str, Any], schema: Schema) -> dict[str, Any]:
    """The arguments as they are sent. `schema`: a plain one. Raises BadRequestError whose sentence
    names the field and what it has to be."""
    made = _mended(arguments, schema)
    if complaint := _complaint(made, schema, ""):
        raise BadRequestError(f"{name}: {complaint}. Nothing was sent.")
    return made


def _mended(arguments: dict[str, Any], schema: Schema) -> dict[str, Any]:
    """Null for what may be left out is left out; a number or a truth in quotation marks is one."""
    properties, required = schema.get("properties", {}), schema.get("required", ())
    made: dict[str, Any] = {}
    for name, value in arguments.items():
        wanted = properties.get(name, {})
        if value is None and name not in required and not fits(None, wanted):
            continue
        made[name] = value
        if isinstance(value, str) and not fits(value, wanted):
            meant = _meant(value)
            made[name] = value if meant is None or not fits(meant, wanted) else meant
    return made


def _meant(text: str) -> float | int | bool | None:
    text = text.strip().lower()
    if text in _TRUTHS:
        return _TRUTHS[text]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return None


def _complaint(value: Any, schema: Schema, path: str) -> str:
    """What is wrong with it first, or ""."""
    if fits(value, schema):
        return ""
    if isinstance(value, dict) and (found := _of_object(value, schema, path)):
        return found
    if isinstance(value, list) and isinstance(items := schema.get("items"), dict):
        for index, item in enumerate(value):
            if found := _complaint(item, items, f"{path}[{index}]"):
                return found
    return f"“{path}” has to be {_wanted(schema)}" if path else "the arguments do not fit"


def _of_object(value: dict[str, Any], schema: Schema, path: str) -> str:
    inside = f"{path}." if path else ""
    properties = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            told = properties.get(name, {}).get("description", "")
            return f"it lacks “{inside}{name}”" + (f" ({told[:80].rstrip('.')})" if told else "")
    for name, each in value.items():
        if name in properties:
            if found := _complaint(each, properties[name], f"{inside}{name}"):
                return found
        elif schema.get("additionalProperties") is False:
            known = ", ".join(list(properties)[:_MOST_CHOICES]) or "none"
            return f"it has no “{inside}{name}”; its fields are: {known}"
    return ""


def _wanted(schema: Schema) -> str:
    if "enum" in schema:
        return f"one of {', '.join(map(str, schema['enum'][:_MOST_CHOICES]))}"
    if "const" in schema:
        return str(schema["const"])
    parts = [" or ".join(types_of(schema)) or "something else"]
    for key, words in (("minimum", "at least"), ("maximum", "at most")):
        if key in schema:
            parts.append(f"{words} {schema[key]:g}")
    for key, words in (("minLength", "at least"), ("maxLength", "at most")):
        if key in schema:
            parts.append(f"{words} {schema[key]} characters")
    for key, words in (("minItems", "at least"), ("maxItems", "at most")):
        if key in schema:
            parts.append(f"with {words} {schema[key]} entries")
    return ", ".join(parts)
