"""Types and near misses in words, for people who edit config.yaml."""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from msgspec import Meta, Struct
from msgspec.structs import fields

from pichat.config.types import Secret

_NAMES = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "text",
    Path: "a file's path",
    Secret: "a key",
    type(None): "nothing",
}


def _bounds(meta: Meta) -> str:
    if meta.gt is not None:
        return f" over {meta.gt}"
    if meta.ge is not None and meta.le is not None:
        return f" from {meta.ge} to {meta.le}"
    if meta.min_length is not None:
        return " that is not empty"
    return f" of at least {meta.ge}" if meta.ge is not None else ""


def members(kind: Any) -> tuple[Any, ...]:
    """The types that a type accepts: those of a union, or itself; without their bounds."""
    if get_origin(kind) is Annotated:
        return members(get_args(kind)[0])
    if get_origin(kind) in (Union, types.UnionType):
        return tuple(each for argument in get_args(kind) for each in members(argument))
    return (kind,)


def choices(kind: Any) -> tuple[object, ...]:
    """The values of the literals that a type accepts."""
    literals = [each for each in members(kind) if get_origin(each) is Literal]
    return tuple(value for literal in literals for value in get_args(literal))


def describe_type(kind: Any) -> str:
    """What is accepted, such as "a whole number from 0 to 65535" or "one of: console, json"."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return describe_type(arguments[0]) + "".join(_bounds(m) for m in arguments[1:])
    if origin is Literal:
        return "one of: " + ", ".join(str(value) for value in arguments)
    if origin in (Union, types.UnionType):
        return " or ".join(describe_type(argument) for argument in arguments)
    if origin is tuple:
        return "a list"
    if isinstance(kind, type) and issubclass(kind, Struct):
        return f"settings ({', '.join(each.name for each in fields(kind))})"
    return _NAMES.get(kind, "settings")


def in_words(value: object) -> str:
    """A value that was found, as its owner wrote it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty one"
    if isinstance(value, dict | set):
        return "settings"
    if isinstance(value, int | float):
        return str(value)
    return "nothing" if value is None else repr(str(value))


def suggestion(given: str, known: Iterable[object]) -> str:
    """ " Did you mean 'x'?" for the closest of `known`, or nothing."""
    close = difflib.get_close_matches(given, [str(name) for name in known], 1, cutoff=0.6)
    return f" Did you mean {close[0]!r}?" if close else ""


def not_yaml(path: Path, error: yaml.YAMLError) -> str:
    """One line for a file that is not YAML: where, what, and what usually causes it."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:  # a character that YAML forbids, such as NUL
        return f"{path}: is not a text file: {getattr(error, 'reason', 'it cannot be read')}."
    text = path.read_text(encoding="utf-8").splitlines()
    found = text[mark.line] if mark.line < len(text) else ""
    hint = "Check the indentation and the quotes here and in the line before."
    if "\t" in found:
        hint = "Indent with spaces; YAML does not allow tabs."
    elif "${" in found:
        hint = 'Inside { } or [ ] a variable needs quotes: "${NAME}".'
    return f"{path}:{mark.line + 1}: is not YAML: {getattr(error, 'problem', error)}. {hint}"
