"""Schemas of tools elsewhere, made harmless and small. Their servers write them as they like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from pichat.llm.schema import resolved, types_of

_MOST_NODES = 600
_DEEPEST = 12
_ONE = ("items", "additionalProperties", "not")
_MANY = ("anyOf", "oneOf", "allOf", "prefixItems")
_KEPT = frozenset({"type", "enum", "const", "required", "minimum", "maximum", "description"})
_BOUNDS = frozenset(
    {
        *("exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "minItems"),
        *("maxItems", "minProperties", "maxProperties"),
    }
)
_TYPES = frozenset({"object", "array", "string", "boolean", "null", "number", "integer"})
_WORDS = 120
_MANY_CHOICES = 24

Schema = dict[str, Any]


def plain(schema: msgspec.Raw | Mapping[str, Any]) -> Schema:
    """The schema of an object without references and patterns, in at most some hundred parts: what
    would lead further takes anything. It never fails, whatever a server wrote."""
    try:
        found = msgspec.json.decode(schema) if isinstance(schema, msgspec.Raw) else schema
    except (msgspec.DecodeError, RecursionError):
        return {"type": "object"}
    if not isinstance(found, Mapping):
        return {"type": "object"}
    return {**_Plain(found).of(found, 0), "type": "object"}


@dataclass(slots=True)
class _Plain:
    root: Mapping[str, Any]
    left: int = field(default=_MOST_NODES)

    def of(self, schema: Any, depth: int) -> Schema:
        self.left -= 1
        if not isinstance(schema, Mapping) or self.left <= 0 or depth > _DEEPEST:
            return {}
        if "$ref" in schema:
            return self._meant(schema, depth)
        made = {key: value for key, value in schema.items() if _is_sound(key, value)}
        for key in _ONE:
            if isinstance(schema.get(key), Mapping):
                made[key] = self.of(schema[key], depth + 1)
        for key in _MANY:
            if isinstance(parts := schema.get(key), list) and parts:
                made[key] = [self.of(each, depth + 1) for each in parts]
        if isinstance(properties := schema.get("properties"), Mapping):
            made["properties"] = {
                str(name): self.of(each, depth + 1) for name, each in properties.items()
            }
        if schema.get("additionalProperties") is False:
            made["additionalProperties"] = False
        return made

    def _meant(self, schema: Mapping[str, Any], depth: int) -> Schema:
        try:
            found = resolved(schema, self.root)
        except (ValueError, AttributeError):  # leads nowhere
            return {}
        made = self.of(found, depth + 1)
        told = schema.get("description")
        return {**made, "description": told} if isinstance(told, str) else made


def _is_sound(key: str, value: Any) -> bool:
    match key:
        case "type":
            named = value if isinstance(value, list) else [value]
            return all(isinstance(each, str) and each in _TYPES for each in named)
        case "enum":
            return isinstance(value, list)
        case "required":
            return isinstance(value, list) and all(isinstance(each, str) for each in value)
        case "description":
            return isinstance(value, str)
        case "minimum" | "maximum":
            return _is_number(value)
    return key == "const" or (key in _BOUNDS and _is_number(value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


# --- for models ------------------------------------------------------------------------------


def compact(schema: Schema, most_chars: int) -> Schema:
    """What a model needs to know of a `plain` schema, as JSON of about `most_chars`: when it is
    more, descriptions go first, then what is not required."""
    for words in (_WORDS, 60, 0):
        made = _compact(schema, words)
        if _size(made) <= most_chars:
            return made
    properties, required = made.get("properties", {}), made.get("required", [])
    kept = {name: properties[name] for name in required if name in properties}
    for name, each in properties.items():
        if _size({**made, "properties": {**kept, name: each}}) <= most_chars:
            kept[name] = each
    return {**made, "properties": kept}


def _compact(schema: Schema, words: int) -> Schema:
    choices = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    if len(choices) == 1 and "properties" not in schema:  # null is what is left out
        told = {"description": schema["description"]} if "description" in schema else {}
        return _compact({**choices[0], **told}, words)
    return dict(_parts(schema, words))


def _parts(schema: Schema, words: int) -> Iterator[tuple[str, Any]]:
    for key, value in schema.items():
        if key == "description":
            if words and (told := shortened(value, words)):
                yield key, told
        elif key == "type":
            named = [each for each in types_of(schema) if each != "null"]
            yield key, named[0] if len(named) == 1 else named
        elif key == "enum":
            yield key, value[:_MANY_CHOICES]
        elif key == "properties":
            yield key, {name: _compact(each, words) for name, each in value.items()}
        elif key in _MANY:
            yield key, [_compact(each, words) for each in value]
        elif key == "items":
            yield key, _compact(value, words)
        elif key in _KEPT and value != []:
            yield key, value


def shortened(text: str, most_chars: int) -> str:
    """Its first words, without line breaks."""
    text = " ".join(text.split())
    if len(text) <= most_chars:
        return text
    cut = text[:most_chars]
    sentence = cut.rfind(". ")
    if sentence > most_chars // 3:
        return cut[: sentence + 1]
    return cut[: cut.rfind(" ")].rstrip(",;:") + " …" if " " in cut else cut


def _size(value: Any) -> int:
    return len(msgspec.json.encode(value))
