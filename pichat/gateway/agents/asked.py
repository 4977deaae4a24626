"""A call of another program's, and an action of the gateway carried out for it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from pichat.errors import BadRequestError, UnsupportedError
from pichat.gateway.context import Context, Topic
from pichat.gateway.door.caller import Caller
from pichat.gateway.protocol import ChunkReply, Reply, new_id
from pichat.gateway.services import Services
from pichat.gateway.sound import IncomingSound
from pichat.mcp.server.base import Json, Progress

Handler = Callable[["Asked", Any], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Asked:
    """`caller`: as known now. `depth`: how many programs have asked each other before this one.
    `talk`: the connection, where there is such a thing. `turn_id`: what this call is known by in
    the house."""

    services: Services
    caller: Caller
    progress: Progress
    depth: int = 0
    talk: str = ""
    turn_id: str = field(default_factory=new_id)


def read(name: str, arguments: Json, kind: type[Any]) -> Any:
    """The arguments as that Struct. Raises BadRequestError naming the field."""
    try:
        return msgspec.convert(arguments, kind)
    except msgspec.ValidationError as error:
        raise BadRequestError(f"{name}: {error}.") from error


def context_of(asked: Asked, action: str) -> Context:
    return Context(asked.services, _Program(asked), asked.turn_id, action)


class _Program:
    """A client (see context.Client) of which only the progress of what it asked is told."""

    sound: IncomingSound | None = None
    address: str | None = None

    def __init__(self, asked: Asked) -> None:
        self.id = asked.talk or asked.turn_id
        self.caller: Caller | None = asked.caller
        self.conversation_id = self.id
        self._progress = asked.progress
        self._pieces = 0

    def become(self, caller: Caller | None) -> None:  # noqa: ARG002  see Client
        raise UnsupportedError("Say who you are with a token.")

    async def send(self, reply: Reply) -> None:
        if isinstance(reply, ChunkReply) and isinstance(reply.chunk.data, str):
            self._pieces += 1
            await self._progress(self._pieces, None, reply.chunk.data)

    async def send_with(self, reply: Reply, binary: bytes) -> None:
        """Sound is of no use there."""

    def cancel(self, request_id: str) -> bool:  # noqa: ARG002  see Client
        return False

    def subscribe(self, request_id: str, topics: frozenset[Topic]) -> None:  # noqa: ARG002
        raise UnsupportedError("Follow a resource instead.")

    def unsubscribe(self) -> None:
        raise UnsupportedError("Follow a resource instead.")
