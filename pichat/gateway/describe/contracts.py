"""What a handler can reply with beside its result, read from its source: the errors that it
raises, those that the parts it calls say they raise, and the chunks that it sends.

A docstring here is a contract, so that nobody has to write the same a second time.
"""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, get_type_hints

from pichat.errors import PiChatError
from pichat.gateway.services import Services

_ROOM = "pichat.gateway"
_ERROR_NAME = re.compile(r"\b[A-Z]\w*Error\b")
_CODE = re.compile(r"`([a-z]+(?:_[a-z]+)*)`|\b([a-z]+(?:_[a-z]+)+)\b")
_CHUNKS = ("chunk", "binary_chunk")


@dataclass(frozen=True, slots=True)
class Contract:
    """`errors`: codes. `begins`: whether `processing` comes first. `chunks`: their types."""

    errors: frozenset[str]
    chunks: tuple[str, ...]
    begins: bool


@dataclass(slots=True)
class _Facts:
    """What one function does by itself; `calls`: those of ours that it names."""

    errors: set[str] = field(default_factory=set)
    chunks: list[str] = field(default_factory=list)
    begins: bool = False
    calls: list[Callable[..., Any]] = field(default_factory=list)


@cache
def contract_of(handler: Callable[..., Any]) -> Contract:
    """Follows the functions of the gateway that the handler names."""
    errors = _codes_in(inspect.getdoc(handler) or "")
    chunks: dict[str, None] = {}
    begins = False
    seen: set[Callable[..., Any]] = set()
    waiting = [handler]
    while waiting:
        function = waiting.pop()
        if function in seen:
            continue
        seen.add(function)
        facts = _facts_of(function)
        errors |= facts.errors
        chunks |= dict.fromkeys(facts.chunks)
        begins = begins or facts.begins
        waiting += reversed(facts.calls)
    return Contract(frozenset(errors), tuple(chunks), begins)


@cache
def _facts_of(function: Callable[..., Any]) -> _Facts:
    found = _Facts(errors=_raised_in(inspect.getdoc(function) or ""))
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    names = inspect.unwrap(function).__globals__
    nodes = list(ast.walk(tree))
    parts = _aliases(nodes)
    for node in nodes:
        if isinstance(node, ast.Attribute):
            _read_attribute(node, parts, found)
        elif isinstance(node, ast.Call):
            _read_call(node, found)
        elif isinstance(node, ast.Raise):
            found.errors |= _raised_in(ast.unparse(node))
        elif isinstance(node, ast.ExceptHandler) and node.type and _raises_again(node):
            found.errors |= _raised_in(ast.unparse(node.type))
        elif isinstance(node, ast.Name):
            found.calls += _functions(names.get(node.id))
    return found


def _functions(value: object) -> Iterator[Callable[..., Any]]:
    """The function, or those of a table, as far as they are the gateway's own."""
    for each in value.values() if isinstance(value, dict) else (value,):
        if inspect.isfunction(each) and each.__module__.startswith(_ROOM):
            yield each


def _aliases(nodes: list[ast.AST]) -> dict[str, str]:
    """Local names of the daemon's parts: `clips = context.services.clips`."""
    return {
        target.id: part
        for node in nodes
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and (part := _part(node.value)) is not None
    }


def _part(node: ast.AST) -> str | None:
    """`clips` of `….services.clips` or `services.clips`."""
    if not isinstance(node, ast.Attribute):
        return None
    owner = node.value
    named = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", None)
    return node.attr if named == "services" else None


def _read_attribute(node: ast.Attribute, aliases: dict[str, str], found: _Facts) -> None:
    """What `services.clips.to_text` says that it raises."""
    owner = node.value
    part = aliases.get(owner.id) if isinstance(owner, ast.Name) else _part(owner)
    kind = _parts().get(part or "")
    method = getattr(kind, node.attr, None)
    if kind is None or not callable(method):
        return
    found.errors |= _raised_in(method.__doc__ or "")
    if inspect.isfunction(method) and method.__module__.startswith(_ROOM):
        found.calls.append(method)
    # What a part says of all that it does is not said of what it only shows.
    returned = str(method.__annotations__.get("return"))
    if inspect.iscoroutinefunction(method) or "Async" in returned:
        found.errors |= _raised_in(kind.__doc__ or "")


def _read_call(node: ast.Call, found: _Facts) -> None:
    if not isinstance(node.func, ast.Attribute):
        return
    if node.func.attr == "processing":
        found.begins = True
    elif node.func.attr in _CHUNKS and node.args and isinstance(node.args[0], ast.Constant):
        found.chunks.append(str(node.args[0].value))


@cache
def _parts() -> dict[str, type]:
    hints = get_type_hints(Services)
    return {name: kind for name, kind in hints.items() if inspect.isclass(kind)}


def _raises_again(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(node, ast.Raise) and node.exc is None for node in ast.walk(handler))


def _raised_in(text: str) -> set[str]:
    """The codes of the errors that a text names by their class."""
    named = set(_ERROR_NAME.findall(text))
    return {kind.code for kind in _below(PiChatError) if kind.__name__ in named} if named else set()


def _below(kind: type[PiChatError]) -> Iterator[type[PiChatError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)


def _codes_in(text: str) -> set[str]:
    """Codes that a description names. A code of one word is one only in backquotes."""
    named = {quoted or plain for quoted, plain in _CODE.findall(text)}
    return named & PiChatError.codes.keys()
