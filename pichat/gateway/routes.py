"""One decorator makes an HTTP route of the REST API: its method, its path, its typed payload.

The payload is one object, of what stands in the path, in the query (of GET and DELETE) and in the
JSON body (of the others); it is checked before the handler runs. Replies and errors are JSON.
"""

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from typing import Any, Literal, TypeVar

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from pichat.errors import (
    BadRequestError,
    TooLargeError,
)
from pichat.gateway.calls import Call
from pichat.gateway.door.caller import LADDER, Caller, Need
from pichat.gateway.door.entrances import KNOWN, Entrances
from pichat.gateway.frames import MAX_DEPTH, field_error, too_deep
from pichat.gateway.large import ROOM
from pichat.gateway.replies import reply
from pichat.gateway.services import Services
from pichat.modules import load_all

F = TypeVar("F", bound=Callable[..., Coroutine[Any, Any, Any]])
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

DEFAULT_BODY_BYTES = 64 * 1024
PATIENCE_S: web.AppKey[float] = web.AppKey("patience_s", float)
"""How long the next piece of a body may take."""


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """`path` has its parameters in braces; `status` is that of a reply that is no error.
    `raw_body`: the handler reads the body itself, by `read_body`, at most `max_bytes` of it."""

    method: Method
    path: str
    needs: Need
    status: int
    description: str
    example: dict[str, Any]
    payload: type[msgspec.Struct]
    result: Any
    handler: Callable[[Call, Any], Coroutine[Any, Any, Any]]
    raw_body: bool
    max_bytes: int

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


REGISTRY: dict[str, Route] = {}


def route(
    method: Method,
    path: str,
    *,
    needs: Need,
    status: int = 200,
    raw_body: bool = False,
    max_bytes: int = DEFAULT_BODY_BYTES,
    example: dict[str, Any] | None = None,
) -> Callable[[F], F]:
    """Register the decorated `async handler(call, payload) -> result`; `needs`: the scope of who
    may; `example`: a payload, what stands in the path and the query as text. The result is a
    Struct, a Blob or an EventStream."""

    def register(handler: F) -> F:
        signature = inspect.signature(handler, eval_str=True)
        _, payload = signature.parameters.values()
        description = inspect.getdoc(handler)
        kind = payload.annotation
        is_struct = inspect.isclass(kind) and issubclass(kind, msgspec.Struct)
        if needs not in LADDER:
            raise TypeError(f"route {path!r} has to declare the scope that it needs")
        if not description or not is_struct:
            raise TypeError(f"route {path!r} needs a docstring and a Struct as its payload")
        made = Route(
            method=method,
            path=path,
            needs=needs,
            status=status,
            description=description,
            example=example or {},
            payload=kind,
            result=signature.return_annotation,
            handler=handler,
            raw_body=raw_body,
            max_bytes=max_bytes,
        )
        if REGISTRY.setdefault(made.name, made) is not made:
            raise TypeError(f"route {made.name!r} is registered twice")
        return handler

    return register


def load_routes() -> tuple[Route, ...]:
    """Every route of every file in `pichat.gateway.rest`."""
    load_all("pichat.gateway.rest")
    return tuple(REGISTRY.values())


def add_routes(entrances: Entrances, services: Services) -> None:
    for each in load_routes():
        entrances.add(each.method, each.path, _serving(each, services), needs=each.needs)


def _serving(found: Route, services: Services) -> Handler:
    async def answer(
        request: web.Request, known: Caller | None, body: dict[str, Any]
    ) -> web.StreamResponse:
        payload = _read_payload(found, request, body)
        call = Call(services, known, request)
        return await reply(request, await found.handler(call, payload), found.status)

    async def serve(request: web.Request) -> web.StreamResponse:
        known = request.get(KNOWN)
        if found.raw_body:
            return await answer(request, known, {})
        async with request.app[ROOM].of(request, found.max_bytes):
            return await answer(request, known, await _json_body(found, request))

    return serve


async def read_body(request: web.Request, max_bytes: int) -> bytes:
    """The whole body. Raises TooLargeError, as soon as that is known, and BadRequestError for one
    that does not go on."""
    too_large = TooLargeError(f"The body may have at most {max_bytes} bytes.")
    if (request.content_length or 0) > max_bytes:
        raise too_large
    pieces = bytearray()
    try:
        while not request.content.at_eof():
            async with asyncio.timeout(request.app[PATIENCE_S]):
                pieces += await request.content.readany()
            if len(pieces) > max_bytes:
                raise too_large
    except TimeoutError:
        raise BadRequestError("The rest of the body did not come.") from None
    return bytes(pieces)


async def _json_body(found: Route, request: web.Request) -> dict[str, Any]:
    """The JSON object in the body; an empty one is no body. Raises as `json_object`, and
    TooLargeError."""
    raw = await read_body(request, found.max_bytes)
    return json_object(request, raw) if raw else {}


def json_object(request: web.Request, raw: bytes) -> dict[str, Any]:
    """The object that a request's body is. Raises BadRequestError."""
    if request.content_type != "application/json":
        raise BadRequestError("The body has to be of the type application/json.")
    if too_deep(raw):
        raise BadRequestError(f"The body nests more than {MAX_DEPTH} levels deep.")
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except (ValueError, RecursionError) as error:
        raise BadRequestError(f"The body is no JSON object: {error}.") from error


def _read_payload(found: Route, request: web.Request, body: dict[str, Any]) -> msgspec.Struct:
    """Raises BadRequestError naming the field."""
    in_body = not found.raw_body and found.method in ("POST", "PUT", "PATCH")
    given = body if in_body else dict(request.query)
    if twice := given.keys() & request.match_info.keys():
        raise BadRequestError(f"“{found.name}”: “{min(twice)}” stands in the path.")
    try:
        # What stands in a query is text, whatever it means.
        return msgspec.convert({**given, **request.match_info}, found.payload, strict=in_body)
    except msgspec.ValidationError as error:
        raise field_error(f"“{found.name}”", error) from error
