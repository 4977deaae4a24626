"""One decorator makes an HTTP route of the REST API: its method, its path, its typed payload.

The payload is one object, of what stands in the path, in the query (of GET and DELETE) and in the
JSON body (of the others); it is checked before the handler runs. Replies and errors are JSON.
"""

import inspect
from collections.abc import Callable, Coroutine
from typing import Any, Literal, TypeVar

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from pichat.errors import (
    BadRequestError,
    BusyError,
    NotAllowedError,
    NotFoundError,
    PiChatError,
    TooLargeError,
    UnavailableError,
)
from pichat.gateway.frames import MAX_DEPTH, field_error, too_deep
from pichat.gateway.guards import error_response
from pichat.gateway.protocol import raw_json
from pichat.gateway.services import Services
from pichat.modules import load_all

F = TypeVar("F", bound=Callable[..., Coroutine[Any, Any, Any]])
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

_STATUS: tuple[tuple[type[PiChatError], int], ...] = (
    (NotFoundError, 404),
    (NotAllowedError, 403),
    (TooLargeError, 413),
    (BusyError, 503),
    (UnavailableError, 503),
)


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """`path` has its parameters in braces; `status` is that of a reply that is no error."""

    method: Method
    path: str
    status: int
    description: str
    payload: type[msgspec.Struct]
    result: Any
    handler: Callable[[Services, Any], Coroutine[Any, Any, Any]]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


REGISTRY: dict[str, Route] = {}


def route(method: Method, path: str, *, status: int = 200) -> Callable[[F], F]:
    """Register the decorated `async handler(services, payload) -> result`."""

    def register(handler: F) -> F:
        signature = inspect.signature(handler, eval_str=True)
        _, payload = signature.parameters.values()
        description = inspect.getdoc(handler)
        kind = payload.annotation
        is_struct = inspect.isclass(kind) and issubclass(kind, msgspec.Struct)
        if not description or not is_struct:
            raise TypeError(f"route {path!r} needs a docstring and a Struct as its payload")
        made = Route(
            method=method,
            path=path,
            status=status,
            description=description,
            payload=kind,
            result=signature.return_annotation,
            handler=handler,
        )
        if REGISTRY.setdefault(made.name, made) is not made:
            raise TypeError(f"route {made.name!r} is registered twice")
        return handler

    return register


def load_routes() -> tuple[Route, ...]:
    """Every route of every file in `pichat.gateway.rest`."""
    load_all("pichat.gateway.rest")
    return tuple(REGISTRY.values())


def add_routes(router: web.UrlDispatcher, services: Services) -> None:
    for each in load_routes():
        router.add_route(each.method, each.path, _serving(each, services))


def _serving(found: Route, services: Services) -> Handler:
    async def serve(request: web.Request) -> web.Response:
        try:
            payload = _read_payload(found, request, await _body(request))
            result = await found.handler(services, payload)
        except PiChatError as error:
            status = next((code for kind, code in _STATUS if isinstance(error, kind)), 400)
            response = error_response(status, error)
        else:
            body = bytes(raw_json(result))
            response = web.Response(body=body, status=found.status, content_type="application/json")
        response.headers["Cache-Control"] = "no-store"
        return response

    return serve


async def _body(request: web.Request) -> dict[str, Any]:
    """The JSON object in the body; an empty one is no body. Raises BadRequestError and
    TooLargeError."""
    try:
        raw = await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise TooLargeError(f"The body is too large: {error.text}.") from error
    if not raw:
        return {}
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
    in_body = found.method in ("POST", "PUT", "PATCH")
    given = body if in_body else dict(request.query)
    if twice := given.keys() & request.match_info.keys():
        raise BadRequestError(f"“{found.name}”: “{min(twice)}” stands in the path.")
    try:
        # What stands in a query is text, whatever it means.
        return msgspec.convert({**given, **request.match_info}, found.payload, strict=in_body)
    except msgspec.ValidationError as error:
        raise field_error(f"“{found.name}”", error) from error
