"""The door: finds out who sends a request."""

import ipaddress

from aiohttp import web

from pichat.config.types import Server
from pichat.gateway.door.caller import THIS_MACHINE, Caller
from pichat.gateway.door.limits import Limits

# What a proxy adds: then the address is the proxy's, and says nothing of who asks.
_PASSED_ON = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")


class Door:
    """`config` may be replaced while it runs."""

    def __init__(self, config: Server, limits: Limits) -> None:
        self.config = config
        self.limits = limits

    async def identify(self, request: web.Request) -> Caller | None:
        """Who asks; None when nobody knows."""
        if self.config.trust_loopback and is_from_here(request):
            return THIS_MACHINE
        return None


def is_from_here(request: web.Request) -> bool:
    """Whether a program of this machine asks, and for itself."""
    if any(name in request.headers for name in _PASSED_ON):
        return False
    try:
        return ipaddress.ip_address(request.remote or "").is_loopback
    except ValueError:
        return False
