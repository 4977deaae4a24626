"""What every request meets first: whose page it comes from, how often it asks, and what leaves with
the answer."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from pichat.errors import BadRequestError, NotFoundError, PiChatError, TooLargeError
from pichat.gateway.door.caller import Caller
from pichat.gateway.door.crowd import Crowd
from pichat.gateway.door.door import Door, is_from_here
from pichat.gateway.door.entrances import CALLER, Entrances
from pichat.gateway.door.limits import TooManyRequestsError
from pichat.gateway.door.pages import Pages
from pichat.gateway.failures import failure
from pichat.gateway.headers import add_headers
from pichat.gateway.protocol import new_id

log = structlog.get_logger(__name__)


class CrowdedError(TooManyRequestsError):
    """Too many connections from one address; this one is closed."""


class Guards:
    """`middleware` and `add_headers` are for the application."""

    def __init__(self, door: Door, pages: Pages, crowd: Crowd, entrances: Entrances) -> None:
        self._door = door
        self._pages = pages
        self._crowd = crowd
        self._entrances = entrances

    def middleware(self) -> Middleware:
        """Lets in who may come, and lets nothing unknown out."""

        @web.middleware
        async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
            try:
                return await self._answer(request, handler)
            except PiChatError as error:
                response = failure(error, path=request.path)
                if isinstance(error, CrowdedError):
                    response.force_close()
                return response
            except web.HTTPException as error:
                return _as_failure(request, error)
            except ConnectionError:
                raise
            except Exception:  # the HTTP boundary: what is not known leaves only an id
                log_id = new_id()
                log.exception("request failed", log_id=log_id, route=_route_of(request))
                return failure(PiChatError.unexpected(log_id), path=request.path)

        return guarded

    async def add_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        """A signal handler for `on_response_prepare`."""
        if isinstance(response, web.HTTPExpectationFailed):  # raised before any middleware
            told = _as_failure(request, response)
            response.body = told.body
            response.headers["Content-Length"] = str(told.content_length)
            response.content_type = told.content_type
        add_headers(response.headers)
        self._pages.allow(request, response.headers)

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Raises what goes wrong."""
        counted = not (self._door.config.trust_loopback and is_from_here(request))
        if counted:
            self._count(request)
        self._pages.check(request, is_page=self._is_open(request))
        if (preflight := self._pages.preflight(request)) is not None:
            return preflight
        caller = await self._door.identify(request)
        if caller is not None:
            request[CALLER] = caller
            counted = not caller.local
        with self._asking(request, caller, counted=counted):
            return await handler(request)

    def _count(self, request: web.Request) -> None:
        if self._crowd.is_crowded(request.remote):
            raise CrowdedError("This address has too many connections open; close some.")
        self._door.limits.spend_address(request.remote)

    @contextmanager
    def _asking(
        self, request: web.Request, caller: Caller | None, *, counted: bool
    ) -> Iterator[None]:
        """While it is answered; a WebSocket has bounds and a place among the visitors itself."""
        if counted and caller is not None:
            self._door.limits.spend_token(caller.id)
        if request.headers.get("Upgrade", "").lower() == "websocket":
            yield
            return
        with ExitStack() as stack:
            if counted:
                stack.enter_context(self._door.limits.in_flight(request.remote))
            if caller is not None:
                stack.enter_context(self._door.visitors.asking(caller, request))
            yield

    def _is_open(self, request: web.Request) -> bool:
        """Whether what is asked for is open to everyone."""
        resource = request.match_info.route.resource
        if resource is None:
            return False
        return self._entrances.needs.get((request.method, resource.canonical)) == "anyone"


def _route_of(request: web.Request) -> str:
    """Which route it is for; not the path, which may hold what nobody else should read."""
    resource = request.match_info.route.resource
    return f"{request.method} {resource.canonical if resource else 'unknown'}"


def _as_failure(request: web.Request, error: web.HTTPException) -> web.Response:
    """What the library says, in our words and our form."""
    if isinstance(error, web.HTTPNotFound):
        return failure(NotFoundError("There is nothing here."), path=request.path)
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return failure(TooLargeError("The body is too large."), path=request.path)
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        sentence = f"This cannot be done with {request.method[:16]}, only with {allowed}."
        response = failure(BadRequestError(sentence), error.status, path=request.path)
        response.headers["Allow"] = allowed
        return response
    if error.status >= 400:
        sentence = f"The request cannot be answered as it is: {error.reason.lower()}."
        return failure(BadRequestError(sentence), error.status, path=request.path)
    raise error  # 304 and the like, of files
