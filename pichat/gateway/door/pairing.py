"""Pairing: whoever knows a code that was just shown or said in the house gets its own token."""

import asyncio
import hmac
import secrets
import time
from dataclasses import dataclass

import msgspec
import structlog

from pichat.bus import Bus
from pichat.events import PairingChanged, PairingState
from pichat.gateway.door.caller import HOUSE, Scope, UnauthenticatedError
from pichat.gateway.door.tokens import Token, Tokens
from pichat.gateway.protocol import new_id

log = structlog.get_logger(__name__)

LIFE_S = 180.0
TRIES = 5
DIGITS = 6
_NAMES = {"guest": "A visitor", "agent": "A program", "screen": "A screen", "admin": "An admin"}


class WrongCodeError(UnauthenticatedError):
    """No pairing is open with that code."""


class OpenPairing(msgspec.Struct, frozen=True, kw_only=True):
    """What the token will be that `code` leads to. `name`: what whoever comes is called; else as
    it calls itself. `expires_s`: seconds since the epoch."""

    id: str
    code: str
    scope: Scope
    name: str | None
    area: str | None
    user_id: str
    expires_s: float


@dataclass(slots=True)
class _Open:
    pairing: OpenPairing
    expiry: asyncio.TimerHandle
    tries_left: int = TRIES


class Pairing:
    """At most one is open for each scope. The bus hears of each when it opens and ends."""

    def __init__(self, tokens: Tokens, bus: Bus, *, life_s: float = LIFE_S) -> None:
        self._tokens = tokens
        self._bus = bus
        self._life_s = life_s
        self._open: dict[Scope, _Open] = {}

    def open(self) -> tuple[OpenPairing, ...]:
        """Those with a code that counts now."""
        return tuple(each.pairing for each in self._open.values())

    async def start(
        self,
        scope: Scope = "screen",
        *,
        name: str | None = None,
        area: str | None = None,
        user: str | None = None,
    ) -> OpenPairing:
        """Open one; it takes the place of the one of that scope. `user`: a person, by id or name;
        else the house, or for a guest the visitor. Raises NotFoundError."""
        user_id = await self._tokens.user_named(user or ("guest" if scope == "guest" else HOUSE))
        self.stop(scope)
        pairing = OpenPairing(
            id=new_id(),
            code=self._new_code(),
            scope=scope,
            name=name,
            area=area,
            user_id=user_id,
            expires_s=time.time() + self._life_s,
        )
        loop = asyncio.get_running_loop()
        expiry = loop.call_later(self._life_s, self._expire, pairing)
        self._open[scope] = _Open(pairing, expiry)
        self._tell(pairing, "open")
        return pairing

    def stop(self, scope: Scope | None = None) -> bool:
        """Close the one of that scope, or all. Whether there was any."""
        scopes = [each for each in self._open if scope in (None, each)]
        for each in scopes:
            self._end(each, "stopped")
        return bool(scopes)

    async def pair(self, code: str, name: str | None = None) -> tuple[Token, str]:
        """A token for whoever knows a code, and its secret. `name`: what it calls itself. Raises
        WrongCodeError, which is a try less for each that is open; NotFoundError when the person
        has gone meanwhile, and UnavailableError, after which the code still counts."""
        found = self._find(code)
        if found is None:
            self._count_wrong()
            raise WrongCodeError(
                "That code does not count, or not any more. Ask for a new one: say “pair a screen”,"
                " or type “pichat pair”."
            )
        pairing = found.pairing
        # It counts once: nobody else comes in while the disk is written.
        del self._open[pairing.scope]
        try:
            token, secret = await self._tokens.create(
                pairing.name or name or _NAMES[pairing.scope],
                pairing.scope,
                area=pairing.area,
                user_id=pairing.user_id,
            )
        except BaseException:
            if pairing.expires_s > time.time():
                self._open.setdefault(pairing.scope, found)
            raise
        found.expiry.cancel()
        self._tell(pairing, "paired", token)
        return token, secret

    def _new_code(self) -> str:
        taken = {each.pairing.code for each in self._open.values()}
        while (code := f"{secrets.randbelow(10**DIGITS):0{DIGITS}}") in taken:
            pass
        return code

    def _find(self, code: str) -> _Open | None:
        """People put spaces and dashes into long numbers."""
        given = "".join(each for each in code if each not in " -\u2009\u00a0").encode()
        found = None
        for each in self._open.values():
            if hmac.compare_digest(given, each.pairing.code.encode()):
                found = each
        return found

    def _count_wrong(self) -> None:
        for scope, each in list(self._open.items()):
            each.tries_left -= 1
            if each.tries_left <= 0:
                log.warning("pairing ended: too many wrong codes", scope=scope)
                self._end(scope, "wrong_codes")

    def _expire(self, pairing: OpenPairing) -> None:
        found = self._open.get(pairing.scope)
        if found is not None and found.pairing is pairing:
            self._end(pairing.scope, "expired")

    def _end(self, scope: Scope, how: PairingState) -> None:
        found = self._open.pop(scope, None)
        if found is not None:
            found.expiry.cancel()
            self._tell(found.pairing, how)

    def _tell(self, pairing: OpenPairing, state: PairingState, token: Token | None = None) -> None:
        self._bus.publish(
            PairingChanged(
                id=pairing.id,
                state=state,
                scope=pairing.scope,
                name=token.name if token else pairing.name,
                area=pairing.area,
                expires_s=pairing.expires_s,
                token_id=token.id if token else None,
            )
        )
