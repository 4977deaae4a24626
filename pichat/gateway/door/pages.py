"""Whose page a request comes from.

A browser lets any page send requests to any address, and a page's name can be made to resolve to
this machine (DNS rebinding). So the name in `Host` has to be one of ours; an `Origin`, when there
is one, has to be the very page that we serve, or one that the owner named; and where a browser
tells by `Sec-Fetch-Site` that another page asks, it has to have an `Origin`.
"""

import ipaddress
import re
from collections.abc import Callable
from typing import NamedTuple

from aiohttp import web
from multidict import CIMultiDict

from pichat.config.types import Server
from pichat.errors import BadRequestError, NotAllowedError

METHODS = "GET, POST, PUT, PATCH, DELETE"
ALLOWED_HEADERS = (
    "Authorization, Content-Type, Last-Event-ID, X-Client-Id,"
    " Mcp-Session-Id, Mcp-Protocol-Version, Mcp-Method, Mcp-Name"
)
_REMEMBERED_S = 600
_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"(?P<name>\[[0-9A-Za-z:.%]+\]|[A-Za-z0-9._-]+)(?::(?P<port>\d{1,5}))?")
_ELSEWHERE = frozenset({"cross-site", "same-site"})  # same-site: another port of this machine


class ForbiddenError(NotAllowedError):
    """The request comes from where none may come from."""

    code = "forbidden"


class Place(NamedTuple):
    """Where a server or a page is. `scheme` is empty where it is not told."""

    scheme: str
    name: str
    port: int | None


def read_host(text: str) -> Place | None:
    """What a Host header names; None when it is malformed."""
    found = _HOST.fullmatch(text)
    if found is None:
        return None
    name = found["name"].strip("[]").partition("%")[0].removesuffix(".").lower()
    port = int(found["port"]) if found["port"] else None
    return Place("", name, port) if name and (port is None or port < 65_536) else None


def read_origin(text: str) -> Place | None:
    """What an Origin header names; None for a page that has none (`null`) or one that is
    malformed."""
    scheme, mark, rest = text.partition("://")
    scheme = scheme.lower()
    found = read_host(rest.removesuffix("/"))
    if not mark or not scheme or found is None:
        return None
    return Place(scheme, found.name, found.port or _PORTS.get(scheme))


def is_own_host(host: str, names: frozenset[str], here: str | None = None) -> bool:
    """Whether `host` may mean this machine: one of its names, the address `here` that the request
    came to, or any address of a home, which a name cannot be made to resolve to unseen."""
    place = read_host(host)
    if place is None:
        return False
    if place.name in names:
        return True
    try:
        address = ipaddress.ip_address(place.name)
    except ValueError:
        return False
    return str(address) == here or (address.is_private and not address.is_unspecified)


def is_own_origin(origin: str, host: str, *, secure: bool = False) -> bool:
    """Whether a page at `origin` came from the server that `host` names. `secure`: it is asked over
    TLS, where a page that did not come so could be anybody's."""
    page, server = read_origin(origin), read_host(host)
    if page is None or server is None or page.scheme not in _PORTS:
        return False
    if secure and page.scheme != "https":
        return False
    return page.name == server.name and page.port == (server.port or _PORTS[page.scheme])


class Pages:
    """`names`: those of this machine, now; `config` may be replaced."""

    def __init__(self, config: Server, names: Callable[[], frozenset[str]]) -> None:
        self._now = names
        self.reconfigure(config)

    def reconfigure(self, config: Server) -> None:
        self._names = self._now()
        self._origins = {place for each in config.origins if (place := read_origin(each))}
        # Those of Machine, and the addresses that it is known by behind a router.
        self._given = frozenset(each.lower() for each in config.names)

    def check(self, request: web.Request, *, is_page: bool) -> None:
        """Raises BadRequestError or ForbiddenError. `is_page`: what is asked for is open to
        everyone, so that a link on another page may lead there."""
        hosts = request.headers.getall("Host", [])
        if len(hosts) != 1:
            raise BadRequestError("The request has to name exactly one host.")
        in_target = _host_of_target(request.raw_path)
        if not self._is_own(hosts[0], request) or (
            in_target is not None and not self._is_own(in_target, request)
        ):
            raise ForbiddenError(
                "This machine is not known by that name. If it should be, add the name to"
                " server.names in config.yaml."
            )
        origins = request.headers.getall("Origin", [])
        if len(origins) > 1:
            raise BadRequestError("The request may name only one origin.")
        if origins:
            own = is_own_origin(origins[0], hosts[0], secure=request.secure)
            if not own and not self.may_use(origins[0]):
                raise ForbiddenError(
                    "A page from elsewhere may not talk to PiChat. If it should, add where it"
                    " comes from to server.origins in config.yaml."
                )
        elif _comes_from_elsewhere(request) and not (is_page and _is_visit(request)):
            raise ForbiddenError("A page from elsewhere may not use what is here.")

    def may_use(self, origin: str) -> bool:
        """Whether the owner lets pages from there use PiChat."""
        return read_origin(origin) in self._origins

    def preflight(self, request: web.Request) -> web.Response | None:
        """The answer to a browser that asks what a page from elsewhere may send; None when this is
        no such question, or not a page that may."""
        if request.method != "OPTIONS" or "Access-Control-Request-Method" not in request.headers:
            return None
        if not self.may_use(request.headers.get("Origin", "")):
            return None
        response = web.Response(status=204)
        response.headers["Access-Control-Allow-Methods"] = METHODS
        response.headers["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
        response.headers["Access-Control-Max-Age"] = str(_REMEMBERED_S)
        if request.headers.get("Access-Control-Request-Private-Network") == "true":
            response.headers["Access-Control-Allow-Private-Network"] = "true"
        return response

    def allow(self, request: web.Request, headers: CIMultiDict[str]) -> None:
        """Let a page from elsewhere that may read it read a response."""
        if not self._origins:
            return
        # A cache must not give one page's copy to another.
        headers.add("Vary", "Origin")
        origin = request.headers.get("Origin", "")
        if self.may_use(origin):
            headers["Access-Control-Allow-Origin"] = origin
            headers["Access-Control-Expose-Headers"] = (
                "Retry-After, Content-Disposition, Mcp-Session-Id"
            )

    def _is_own(self, host: str, request: web.Request) -> bool:
        sockname = request.get_extra_info("sockname")
        here = sockname[0].partition("%")[0] if sockname else None
        if is_own_host(host, self._names | self._given, here):
            return True
        self._names = self._now()  # the network may know it by another name since
        return is_own_host(host, self._names | self._given, here)


def _host_of_target(target: str) -> str | None:
    """The host in a request's first line, which may hold a whole address; None where it does
    not."""
    if target.startswith("/"):
        return None
    _, mark, rest = target.partition("://")
    return rest.partition("/")[0].partition("?")[0] if mark else None


def _comes_from_elsewhere(request: web.Request) -> bool:
    return request.headers.get("Sec-Fetch-Site", "").strip().lower() in _ELSEWHERE


def _is_visit(request: web.Request) -> bool:
    """Whether somebody followed a link, and sees what comes in a window of its own."""
    return (
        request.method == "GET"
        and request.headers.get("Sec-Fetch-Mode") == "navigate"
        and request.headers.get("Sec-Fetch-Dest") == "document"
    )
