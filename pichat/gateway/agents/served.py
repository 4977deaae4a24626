"""Tools for other programs that are not the house's own: what they take and give, and who may."""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from pichat.gateway.agents.asked import Asked, Handler, context_of, read
from pichat.gateway.door.caller import LADDER, Need
from pichat.gateway.registry import Action
from pichat.mcp.server.base import Json, ServedTool
from pichat.modules import load_all

F = TypeVar("F", bound=Handler)


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """`private`: arguments that do not go into the audit, as somebody said them."""

    tool: ServedTool
    needs: Need
    handler: Callable[[Asked, Json], Any]
    private: frozenset[str] = frozenset()


REGISTRY: dict[str, Served] = {}


def served(
    name: str,
    *,
    needs: Need,
    changes: bool = True,
    again: bool = False,
    outside: bool = False,
    private: tuple[str, ...] = (),
) -> Callable[[F], F]:
    """Register the decorated `async handler(asked, payload) -> Struct`; its docstring is the
    description. See ServedTool for the rest."""

    def register(handler: F) -> F:
        signature = inspect.signature(handler, eval_str=True)
        _, payload = signature.parameters.values()
        kind = payload.annotation

        async def handle(asked: Asked, arguments: Json) -> Any:
            return await handler(asked, read(name, arguments, kind))

        tool = ServedTool(
            name=name,
            title=title_of(name),
            description=" ".join((inspect.getdoc(handler) or "").split()),
            takes=schema_of(kind),
            gives=schema_of(signature.return_annotation),
            changes=changes,
            again=again,
            outside=outside,
        )
        _add(Served(tool=tool, needs=needs, handler=handle, private=frozenset(private)))
        return handler

    return register


def expose(
    action: Action,
    name: str | None = None,
    *,
    needs: Need | None = None,
    description: str | None = None,
    changes: bool = True,
    destroys: bool = False,
    again: bool = False,
    without: tuple[str, ...] = (),
) -> None:
    """Let other programs do what an action does. `needs`: more or less than it asks for itself;
    `without`: fields that they do not have."""
    called = name or action.name

    async def handle(asked: Asked, arguments: Json) -> Any:
        given = {key: value for key, value in arguments.items() if key not in without}
        payload = read(called, given, action.payload)
        done = action.handler(context_of(asked, called), payload)
        return await done if action.waits else done

    tool = ServedTool(
        name=called,
        title=title_of(called),
        description=" ".join((description or action.description).split()),
        takes=schema_of(action.payload, without),
        gives=schema_of(action.result),
        changes=changes,
        destroys=destroys,
        again=again,
    )
    _add(Served(tool=tool, needs=needs or action.needs, handler=handle))


def load_served() -> dict[str, Served]:
    """Every tool of every file in this package."""
    load_all("pichat.gateway.agents")
    return REGISTRY


def schema_of(kind: type[Any], without: tuple[str, ...] = ()) -> Json:
    """An object's schema that stands for itself."""
    (reference,), defs = msgspec.json.schema_components([kind], ref_template=_REFS)
    for each in defs.values():
        if "description" in each:
            each["description"] = " ".join(each["description"].split())
    own = reference["$ref"].rpartition("/")[2]
    root = dict(defs.pop(own))
    if without:
        kept = {name: each for name, each in root["properties"].items() if name not in without}
        root["properties"] = kept
    if _REFS.format(name=own) in str(defs):  # it is within itself
        defs[own] = root
    return {**root, "$defs": defs} if defs else root


_REFS = "#/$defs/{name}"


def title_of(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _add(found: Served) -> None:
    if found.needs not in LADDER or not found.tool.description:
        raise TypeError(f"tool {found.tool.name!r} needs a scope and a description")
    if REGISTRY.setdefault(found.tool.name, found) is not found:
        raise TypeError(f"tool {found.tool.name!r} is served twice")
