"""What every request meets first: whose page it comes from, and what leaves with the answer.

A browser lets any page open a WebSocket to any address, and a page's name can be made to resolve
to this machine (DNS rebinding). So the name in `Host` has to be one of ours, and an `Origin`, when
there is one, has to be the very page that we serve.
"""

import ipaddress
import socket
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from pichat.errors import BadRequestError, NotAllowedError, NotFoundError, PiChatError
from pichat.gateway.door.door import Door
from pichat.gateway.door.entrances import CALLER
from pichat.gateway.failures import failure
from pichat.gateway.protocol import new_id

log = structlog.get_logger(__name__)

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; media-src 'self' blob:; object-src 'none';"
        " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Cache-Control": "no-cache",
}


class ForbiddenError(NotAllowedError):
    """The request comes from where none may come from."""

    code = "forbidden"


def own_names(host: str) -> frozenset[str]:
    """The names under which this machine may be addressed; IP literals are accepted besides."""
    machine = socket.gethostname().lower()
    short = machine.partition(".")[0]
    names = {"localhost", "pichat.local", machine, short, f"{short}.local", host.lower()}
    return frozenset(names)


def _host_name(host: str) -> str | None:
    """The name or address in a Host header, without its port. None when it is malformed."""
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return None
    return name.rstrip(".").lower() if name else None


def is_own_host(host: str, names: frozenset[str]) -> bool:
    name = _host_name(host)
    if name is None:
        return False
    if name in names:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_own_origin(origin: str, host: str) -> bool:
    """Whether a page at `origin` came from the server that `host` names."""
    try:
        page, here = urlsplit(origin), urlsplit(f"{urlsplit(origin).scheme}://{host}")
        ports = {"http": 80, "https": 443}
        return (
            page.scheme in ports
            and page.hostname == here.hostname
            and (page.port or ports[page.scheme]) == (here.port or ports[page.scheme])
        )
    except ValueError:
        return False


def check(request: web.Request, names: frozenset[str]) -> None:
    """Raises BadRequestError or ForbiddenError."""
    hosts = request.headers.getall("Host", [])
    if len(hosts) != 1:
        raise BadRequestError("The request has to name exactly one host.")
    if not is_own_host(hosts[0], names):
        raise ForbiddenError("This machine is not known by that name.")
    origin = request.headers.get("Origin")
    if origin is not None and not is_own_origin(origin, hosts[0]):
        raise ForbiddenError("A page from elsewhere may not talk to PiChat.")


def guard(names: frozenset[str], door: Door) -> Middleware:
    """A middleware: checks who asks, adds our headers, and lets nothing unknown out."""

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            check(request, names)
            if (caller := await door.identify(request)) is not None:
                request[CALLER] = caller
            return await handler(request)
        except PiChatError as error:
            return failure(error)
        except web.HTTPNotFound:
            return failure(NotFoundError("There is nothing here."))
        except web.HTTPException:
            raise
        except ConnectionError:
            raise
        except Exception:  # the HTTP boundary: what is not known leaves only an id
            log_id = new_id()
            log.exception("request failed", log_id=log_id, path=request.path)
            return failure(PiChatError.unexpected(log_id))

    return guarded


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """A signal handler for `on_response_prepare`. Files carry an ETag and are asked for again each
    time: an updated daemon never serves a page half old and half new."""
    response.headers["Server"] = "PiChat"
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
