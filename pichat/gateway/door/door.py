"""The door: finds out who sends a request."""

import hmac

from aiohttp import web

from pichat.bus import Bus
from pichat.config.types import Server
from pichat.errors import UnavailableError
from pichat.gateway.door.caller import THIS_MACHINE, Caller, UnauthenticatedError
from pichat.gateway.door.credentials import refuse_addresses, token_of
from pichat.gateway.door.limits import Limits, is_loopback
from pichat.gateway.door.pairing import Pairing, WrongCodeError
from pichat.gateway.door.tokens import Token, Tokens
from pichat.gateway.door.visitors import Visitors
from pichat.gateway.door.ways import only_here, ways_in
from pichat.gateway.machine import Machine

PATIENCE_S = 10.0
"""How long a connection may take to say who it is."""

API_TOKEN = Caller(id="api-token", name="the API token", scope="admin")

# What a proxy adds: then the address is the proxy's, and says nothing of who asks.
_PASSED_ON = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")


class WrongTokenError(UnauthenticatedError):
    """A token that nobody has, or that was revoked."""


class Door:
    """`config` may be replaced while it runs. `own_secret`: the token by which programs of this
    machine come in, `patience_s`: how long a connection may take to say who it is."""

    def __init__(
        self,
        config: Server,
        tokens: Tokens,
        bus: Bus,
        *,
        own_secret: str = "",
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.config = config
        self.machine = Machine(config)
        self.limits = Limits(config.limits)
        self.tokens = tokens
        self.pairing = Pairing(tokens, bus)
        self.visitors = Visitors()
        self.url = ""  # at which this machine itself finds the page, once it is served
        self.patience_s = patience_s
        self._own_secret = own_secret
        tokens.changed = self.visitors.changed

    def reconfigure(self, config: Server) -> None:
        """What holds for whoever asks from now on."""
        self.config = self.machine.config = config
        self.limits.config = config.limits

    async def identify(self, request: web.Request) -> Caller | None:
        """Who asks; None when nobody knows. Raises BadRequestError for a token in the address, and
        as `recognise`."""
        refuse_addresses(request)
        secret = token_of(request)
        if secret is not None:
            return await self.recognise(secret, request.remote)
        if self.config.trust_loopback and is_from_here(request):
            return THIS_MACHINE
        return None

    async def recognise(self, secret: str, address: str | None) -> Caller:
        """Whose token that is, which came from an address. Raises WrongTokenError, and
        TooManyRequestsError after several of those."""
        # A wrong guess of some other program here must not lock out this machine's own.
        if _same(secret, self._own_secret):
            return THIS_MACHINE
        await self.limits.check(address)
        caller = self.tokens.recognise(secret)
        if caller is None and _same(secret, self.config.api_token.value):
            caller = API_TOKEN
        if caller is None:
            self.limits.failed(address)
            raise WrongTokenError(
                "That token is not known here; it may have been revoked. Pair this screen again."
            )
        self.limits.passed(address)
        return caller

    async def pair(self, code: str, name: str | None, address: str | None) -> tuple[Token, str]:
        """A token for whoever knows a code, and its secret. Raises as `Pairing.pair`, and
        TooManyRequestsError after several wrong codes or tokens from there."""
        await self.limits.check(address)
        try:
            paired = await self.pairing.pair(code, name)
        except WrongCodeError:
            self.limits.failed(address)
            raise
        self.limits.passed(address)
        return paired

    def ways_in(self) -> tuple[str, ...]:
        """Where other machines find the page, the likeliest first; none where none can come."""
        return ways_in(self.machine, self.url)

    async def code_for_screen(self) -> str:
        """The code of a pairing that lets one new screen in. Raises UnavailableError where no other
        machine can come, and this one needs no code."""
        if self.config.trust_loopback and not self.ways_in():
            raise UnavailableError(only_here(self.config))
        return (await self.pairing.start("screen")).code


def _same(given: str, secret: str) -> bool:
    """Whether they are the same, and there is a secret at all."""
    pair = (each.encode(errors="surrogatepass") for each in (given, secret))
    return hmac.compare_digest(*pair) and bool(secret)


def is_from_here(request: web.Request) -> bool:
    """Whether a program of this machine asks, and for itself."""
    if any(name in request.headers for name in _PASSED_ON):
        return False
    return is_loopback(request.remote)
