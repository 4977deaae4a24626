"""What a handler of the REST API is given, and what it may reply with beside JSON."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
from aiohttp import web

from pichat.gateway.door.caller import Caller, UnauthenticatedError
from pichat.gateway.services import Services


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request: the daemon's services, and who asks, as far as that is
    `known`. `request` is for what the payload
    cannot hold: a body that is no JSON, headers."""

    services: Services
    known: Caller | None
    request: web.Request

    @property
    def caller(self) -> Caller:
        """Raises UnauthenticatedError where nobody has said so, which only a route for anyone can
        meet."""
        if self.known is None:
            raise UnauthenticatedError("Nobody has said who this is.")
        return self.known


class Blob(msgspec.Struct, frozen=True, kw_only=True):
    """A file as a reply; a path is read while it is sent. `name`: under which a browser keeps it
    instead of showing it."""

    body: bytes | Path
    media_type: str
    name: str | None = None


class ServerEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One server-sent event. `data`: UTF-8 text without line breaks; JSON has none."""

    data: bytes
    event: str | None = None
    id: str | None = None

    def encoded(self) -> bytes:
        head = b""
        if self.id is not None:
            head += f"id: {self.id}\n".encode()
        if self.event is not None:
            head += f"event: {self.event}\n".encode()
        return head + b"data: " + self.data + b"\n\n"


class EventStream(msgspec.Struct, frozen=True, kw_only=True):
    """Server-sent events as a reply. Closing `events` ends the work; it is closed when the client
    goes. A failure before the first event is a reply of its own, one after it an event `error`.
    `at_once`: the client is told that it is connected before there is an event."""

    events: AsyncIterator[ServerEvent]
    at_once: bool = False


class ByteStream(msgspec.Struct, frozen=True, kw_only=True):
    """A file as a reply, as it is being made. As with events, a failure before the first piece is a
    reply; one after it breaks the connection off, so that nobody takes what came for whole."""

    pieces: AsyncIterator[bytes]
    media_type: str
