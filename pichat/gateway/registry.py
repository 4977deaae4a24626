"""One decorator makes a WebSocket action: its name, its typed payload, its reply and an example.

The payload's type is read from the handler's annotation and is checked before the handler runs.
An `async def` handler runs in a task of its own; a plain function answers at once, which is for
those that have nothing to wait for.
"""

import difflib
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from pichat.errors import UnknownActionError
from pichat.gateway.door.caller import LADDER, Need
from pichat.gateway.frames import field_error
from pichat.gateway.protocol import Request
from pichat.modules import load_all

F = TypeVar("F", bound=Callable[..., Any])


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """`needs`: the scope of who may. `reply` is the action of the reply; `example` is a payload
    that the handler accepts; `takes_clips`: a request may be as large as a recording."""

    name: str
    needs: Need
    reply: str
    description: str
    example: dict[str, Any]
    payload: type[msgspec.Struct]
    result: Any
    handler: Callable[..., Any]
    waits: bool
    takes_clips: bool


REGISTRY: dict[str, Action] = {}


def action(
    name: str,
    *,
    needs: Need,
    example: dict[str, Any] | None = None,
    reply: str | None = None,
    takes_clips: bool = False,
) -> Callable[[F], F]:
    """Register the decorated `handler(context, payload) -> result` under `name`."""

    def register(handler: F) -> F:
        if name in REGISTRY:
            raise TypeError(f"action {name!r} is registered twice")
        if needs not in LADDER:
            raise TypeError(f"action {name!r} has to declare the scope that it needs")
        signature = inspect.signature(handler, eval_str=True)
        _, payload = signature.parameters.values()
        description = inspect.getdoc(handler)
        kind = payload.annotation
        is_struct = inspect.isclass(kind) and issubclass(kind, msgspec.Struct)
        if not description or not is_struct:
            raise TypeError(f"action {name!r} needs a docstring and a Struct as its payload")
        REGISTRY[name] = Action(
            name=name,
            needs=needs,
            reply=reply or name,
            description=description,
            example=example or {},
            payload=kind,
            result=signature.return_annotation,
            handler=handler,
            waits=inspect.iscoroutinefunction(handler),
            takes_clips=takes_clips,
        )
        return handler

    return register


def load_actions() -> dict[str, Action]:
    """Every action of every file in `pichat.gateway.actions`."""
    load_all("pichat.gateway.actions")
    return dict(REGISTRY)


def find_action(actions: dict[str, Action], name: str) -> Action:
    """Raises UnknownActionError, with what was probably meant."""
    found = actions.get(name)
    if found is not None:
        return found
    near = difflib.get_close_matches(name[:64], actions, n=1)
    hint = f" Did you mean “{near[0]}”?" if near else ""
    raise UnknownActionError(f"There is no action “{name[:64]}”.{hint}")


def read_payload(found: Action, request: Request) -> msgspec.Struct:
    """The typed payload. Raises BadRequestError naming the field."""
    try:
        return msgspec.convert(request.payload or {}, found.payload)
    except msgspec.ValidationError as error:
        raise field_error(f"“{found.name}”", error) from error
