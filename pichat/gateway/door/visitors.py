"""Who is inside now: connections that last, so that a token that is revoked ends them at once."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from aiohttp import web

from pichat.gateway.door.caller import Caller


class Visitor(Protocol):
    caller: Caller | None

    def turn_out(self, reason: str) -> None:
        """End it now; it is not let in any more."""
        ...


class _Asking:
    """A request over HTTP, which may stream for hours."""

    __slots__ = ("_request", "caller")

    def __init__(self, caller: Caller, request: web.Request) -> None:
        self.caller: Caller | None = caller
        self._request = request

    def turn_out(self, reason: str) -> None:  # noqa: ARG002  (a reply that has begun has no room)
        if self._request.transport is not None:
            self._request.transport.abort()


_CURRENT: ContextVar[Visitor | None] = ContextVar("visitor", default=None)


class Visitors:
    """Connections, and requests over HTTP that are being answered."""

    def __init__(self) -> None:
        self._inside: set[Visitor] = set()

    def enter(self, visitor: Visitor) -> None:
        self._inside.add(visitor)

    def leave(self, visitor: Visitor) -> None:
        self._inside.discard(visitor)

    @contextmanager
    def asking(self, caller: Caller, request: web.Request) -> Iterator[None]:
        """While a request over HTTP is answered."""
        visitor = _Asking(caller, request)
        self._inside.add(visitor)
        own = _CURRENT.set(visitor)
        try:
            yield
        finally:
            _CURRENT.reset(own)
            self._inside.discard(visitor)

    def connected(self) -> Counter[str]:
        """How many are inside, by the ids of their tokens."""
        return Counter(each.caller.id for each in self._inside if each.caller is not None)

    def changed(self, token_id: str, caller: Caller | None) -> None:
        """Whoever came with that token is `caller` now; None: nobody any more."""
        for each in list(self._inside):
            if each.caller is None or each.caller.id != token_id:
                continue
            if caller is not None:
                each.caller = caller
            elif each is not _CURRENT.get():  # who revokes its own token is answered
                each.turn_out("Its token was revoked.")
