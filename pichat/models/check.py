"""Plain values to types, with every problem noted and none of them fatal."""

from __future__ import annotations

from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import fields

from pichat.config.describe import describe_type, in_words, suggestion


def read(raw: object, kind: Any, where: str, problems: list[str]) -> Any:
    """`raw` as a `kind`, or None with sentences added to `problems` that begin with `where`."""
    if isinstance(kind, type) and issubclass(kind, Struct):
        return _struct(raw, kind, where, problems)
    item = _struct_of_list(kind)
    if item is not None and isinstance(raw, list) and raw:
        read_items = [read(r, item, f"{where}[{n}]", problems) for n, r in enumerate(raw, 1)]
        return tuple(read_items) if None not in read_items else None
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError:
        hint = suggestion(str(raw), _choices(kind))
        problems.append(f"{where} should be {_wanted(kind)}, not {in_words(raw)}.{hint}")
        return None


def _struct(raw: object, kind: type[Struct], where: str, problems: list[str]) -> Any:
    if not isinstance(raw, dict):
        problems.append(f"{where or 'it'} should be settings, not {in_words(raw)}.")
        return None
    before = len(problems)
    hints = get_type_hints(kind, include_extras=True)
    dotted = f"{where}." if where else ""
    problems += [
        f"unknown key {f'{dotted}{key}'!r}.{suggestion(str(key), hints)}"
        for key in raw
        if key not in hints
    ]
    values: dict[str, Any] = {}
    for each in fields(kind):
        if each.name in raw:
            values[each.name] = read(raw[each.name], hints[each.name], dotted + each.name, problems)
        elif each.required:
            problems.append(f"{dotted}{each.name} is missing.")
    return kind(**values) if len(problems) == before else None


def _struct_of_list(kind: Any) -> type[Struct] | None:
    """X of `tuple[X, …]`, with or without bounds, when X is a Struct."""
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    item = get_args(kind)[0] if get_origin(kind) is tuple else None
    return item if isinstance(item, type) and issubclass(item, Struct) else None


def _wanted(kind: Any) -> str:
    """As describe_type, but a pattern in the words that its author gave it."""
    for each in get_args(kind):
        if isinstance(each, Meta) and each.description:
            return each.description
    if get_origin(kind) is dict:
        return "settings such as {pi4: [4, 8], pi5: [4, 8, 16]}"
    return describe_type(kind)


def _choices(kind: Any) -> tuple[object, ...]:
    return tuple(value for value in get_args(kind) if isinstance(value, str))
