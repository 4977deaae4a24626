"""A type's fields for people, and a value that fits it."""

import re
from collections.abc import Callable, Iterable, Set
from functools import cache
from typing import Any

import msgspec
from msgspec import NODEFAULT, inspect

_SENTENCE = re.compile(r"(?<=\.)\s+")
_CLAUSE = re.compile(r"(?<=;)\s+")
_NAME = re.compile(r"`(\w+)`|\b([a-z]+(?:_[a-z0-9]+)+)\b")
_DEEPEST = 6
_TIME = "2026-01-01T12:00:00Z"
_TEXTS = {
    "area": "Kitchen",
    "code": "device_silent",
    "content": "The kitchen light is on.",
    "data": "UklGRg==",
    "device_name": "Kitchen light",
    "language": "en",
    "message": "The kitchen light does not answer.",
    "model": "gpt-4o-mini",
    "name": "kitchen",
    "profile": "default",
    "provider": "intents",
    "reason": "The kitchen light does not answer.",
    "text": "The kitchen light is on.",
    "title": "Holiday plans",
    "version": "0.1.0",
}


class FieldView(msgspec.Struct, frozen=True, kw_only=True):
    """One field: its `type` in words, its `default` where it need not be there, and what the
    type's own description says of it."""

    name: str
    type: str
    required: bool
    default: Any = msgspec.UNSET
    meaning: str = ""


@cache
def fields_of(kind: type[msgspec.Struct]) -> tuple[FieldView, ...]:
    """The fields of a Struct in their order, without its tag."""
    info = inspect.type_info(kind)
    if not isinstance(info, inspect.StructType):
        raise TypeError(f"{kind} is no Struct")
    names = {each.name for each in info.fields}
    return tuple(
        FieldView(
            name=each.encode_name,
            type=words(each.type),
            required=each.required,
            default=_default(each),
            meaning=_meaning(kind, each, names),
        )
        for each in info.fields
    )


def structs_within(kinds: Iterable[Any]) -> set[type[msgspec.Struct]]:
    """Every Struct that a field of the types holds, in a list or another Struct too."""
    found: set[type[msgspec.Struct]] = set()

    def collect(kind: inspect.Type) -> None:
        if isinstance(kind, inspect.StructType):
            if kind.cls not in found:
                found.add(kind.cls)
                collect_fields(kind)
        elif isinstance(kind, inspect.UnionType):
            for each in kind.types:
                collect(each)
        elif isinstance(kind, inspect.TupleType):
            for each in kind.item_types:
                collect(each)
        elif isinstance(kind, inspect.CollectionType):
            collect(kind.item_type)
        elif isinstance(kind, inspect.DictType):
            collect(kind.value_type)
        elif isinstance(kind, inspect.Metadata):
            collect(kind.type)

    def collect_fields(kind: inspect.StructType) -> None:
        for each in kind.fields:
            collect(each.type)

    for kind in inspect.multi_type_info(list(kinds)):
        if isinstance(kind, inspect.StructType):
            collect_fields(kind)
    return found


def description_of(kind: type) -> str:
    """The docstring in one paragraph; empty when it has none of its own."""
    return " ".join((kind.__dict__.get("__doc__") or "").split())


def _default(found: inspect.Field) -> Any:
    if found.default is not NODEFAULT:
        return msgspec.to_builtins(found.default, str_keys=True)
    if found.default_factory is not NODEFAULT:
        return msgspec.to_builtins(found.default_factory(), str_keys=True)
    return msgspec.UNSET


def _meaning(kind: type, found: inspect.Field, names: Set[str]) -> str:
    """What names the field, sentence by sentence, or by its clauses; one that names none goes on
    with what was named before it."""
    if isinstance(found.type, inspect.Metadata) and found.type.extra_json_schema:
        told = found.type.extra_json_schema.get("description")
        if told:
            return str(told)
    fitting = []
    for sentence in _SENTENCE.split(description_of(kind)):
        about: set[str] = set()
        for clause in _CLAUSE.split(sentence):
            about = _named(clause, names) or about
            if found.name in about:
                fitting.append(clause)
    return " ".join(fitting).rstrip(";")


def _named(clause: str, names: Set[str]) -> set[str]:
    """Names in backquotes, and those that no other word looks like."""
    named = {quoted or plain for quoted, plain in _NAME.findall(clause)}
    return named & names


# --- in words ------------------------------------------------------------------------------


def words(kind: inspect.Type) -> str:
    """Such as “text (1 to 64 characters) or null”."""
    if isinstance(kind, inspect.Metadata):
        return words(kind.type)
    if isinstance(kind, inspect.UnionType):
        return _alternatives(kind)
    if isinstance(kind, inspect.LiteralType):
        return " or ".join(f"“{value}”" for value in kind.values)
    if isinstance(kind, inspect.StructType):
        return kind.cls.__name__
    if isinstance(kind, inspect.DictType):
        return f"object of {words(kind.value_type)}"
    if isinstance(kind, inspect.TupleType):
        return f"list of {', '.join(map(words, kind.item_types))}"
    if isinstance(kind, inspect.CollectionType):
        return f"list of {words(kind.item_type)}{_bounds(kind.min_length, kind.max_length)}"
    return _simple(kind)


def _alternatives(kind: inspect.UnionType) -> str:
    ordered = sorted(kind.types, key=lambda each: isinstance(each, inspect.NoneType))
    return " or ".join(dict.fromkeys(map(words, ordered)))


def _simple(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.StrType):
        return f"text{_bounds(kind.min_length, kind.max_length, ' characters')}"
    if isinstance(kind, inspect.IntType | inspect.FloatType):
        name = "whole number" if isinstance(kind, inspect.IntType) else "number"
        least = kind.ge if kind.ge is not None else kind.gt
        most = kind.le if kind.le is not None else kind.lt
        return name + _bounds(least, most, above=kind.gt is not None)
    names: dict[type[inspect.Type], str] = {
        inspect.BoolType: "true or false",
        inspect.BytesType: "base64 text",
        inspect.DateTimeType: "time (ISO 8601)",
        inspect.NoneType: "null",
    }
    return names.get(type(kind), "any JSON value")


def _bounds(least: Any, most: Any, unit: str = "", *, above: bool = False) -> str:
    if least is not None and most is not None:
        return f" ({least} to {most}{unit})"
    if most is not None:
        return f" (at most {most}{unit})"
    if least is not None:
        return f" ({'above' if above else 'at least'} {least}{unit})"
    return ""


# --- a value -------------------------------------------------------------------------------


def sample(kind: Any) -> Any:
    """A JSON value that fits a type, to show what it looks like."""
    return _sample(inspect.type_info(kind), "", _DEEPEST)


def _sample(kind: inspect.Type, name: str, depth: int) -> Any:
    make = _SAMPLES.get(type(kind))
    return make(kind, name, depth) if make else None


def _sample_struct(kind: inspect.StructType, _: str, depth: int) -> dict[str, Any]:
    shown: dict[str, Any] = {} if kind.tag_field is None else {kind.tag_field: kind.tag}
    for each in kind.fields:
        default = _default(each)
        if default is msgspec.UNSET or (default and depth):
            default = default or _sample(each.type, each.name, depth - 1)
        shown[each.encode_name] = default
    return {name: value for name, value in shown.items() if value is not msgspec.UNSET}


def _sample_union(kind: inspect.UnionType, name: str, depth: int) -> Any:
    if depth <= 0 and any(isinstance(each, inspect.NoneType) for each in kind.types):
        return None
    first = next(each for each in kind.types if not isinstance(each, inspect.NoneType))
    return _sample(first, name, depth)


def _sample_text(kind: inspect.StrType, name: str, _: int) -> str:
    if name == "id" or name.endswith("_id"):
        return "1f0c6d1f3ab54c6e"
    text = _TEXTS.get(name, "text")
    return text[: kind.max_length] if kind.max_length is not None else text


def _sample_int(kind: inspect.IntType, _name: str, _: int) -> int:
    least = kind.ge if kind.ge is not None else (kind.gt + 1 if kind.gt is not None else 1)
    return min(least, kind.le) if kind.le is not None else least


def _sample_float(kind: inspect.FloatType, _name: str, _: int) -> float:
    return float(min(max(kind.ge or 0.0, 1.0), kind.le if kind.le is not None else 1.0))


def _sample_list(kind: Any, name: str, depth: int) -> list[Any]:
    if depth <= 0 and not kind.min_length:
        return []
    return [_sample(kind.item_type, name.removesuffix("s"), depth - 1)]


_SAMPLES: dict[type[inspect.Type], Callable[[Any, str, int], Any]] = {
    inspect.Metadata: lambda kind, name, depth: _sample(kind.type, name, depth),
    inspect.StructType: _sample_struct,
    inspect.UnionType: _sample_union,
    inspect.StrType: _sample_text,
    inspect.IntType: _sample_int,
    inspect.FloatType: _sample_float,
    inspect.BoolType: lambda *_: True,
    inspect.BytesType: lambda *_: "UklGRg==",
    inspect.DateTimeType: lambda *_: _TIME,
    inspect.LiteralType: lambda kind, *_: kind.values[0],
    inspect.VarTupleType: _sample_list,
    inspect.ListType: _sample_list,
    inspect.SetType: _sample_list,
    inspect.FrozenSetType: _sample_list,
    inspect.TupleType: lambda kind, name, depth: [
        _sample(each, name, depth) for each in kind.item_types
    ],
    inspect.DictType: lambda kind, name, depth: {
        name or "name": _sample(kind.value_type, name, depth - 1)
    },
}
