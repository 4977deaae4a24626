"""What a handler is given: the daemon's services, its client, and the way to stream a reply."""

from typing import Any, Literal, Protocol

from pichat.gateway.door.caller import Caller, Need, UnauthenticatedError
from pichat.gateway.people import as_known
from pichat.gateway.protocol import (
    Chunk,
    ChunkReply,
    ChunkType,
    ProcessingReply,
    Reply,
    now,
)
from pichat.gateway.services import Services
from pichat.gateway.sound import IncomingSound

Topic = Literal[
    "devices",
    "network",
    "voice",
    "turns",
    "health",
    "scores",
    "questions",
    "screens",
    "profiles",
    "pairing",
    "tools",
]

TOPIC_NEEDS: dict[Topic, Need] = {
    "devices": "guest",
    "health": "guest",
    "screens": "guest",
    "profiles": "guest",
    "network": "agent",
    "voice": "screen",
    "turns": "screen",
    "questions": "screen",
    "scores": "screen",
    "pairing": "admin",
    "tools": "screen",
}
"""Who may hear of what: a visitor and a program not of what others say."""


class ClientGoneError(Exception):
    """Nobody is there to reply to. Not a ConnectionError, which a handler's own work may raise."""


class Client(Protocol):
    """The connection that a request came in on."""

    id: str  # of this connection
    caller: Caller | None
    address: str | None  # where it comes from
    conversation_id: str
    sound: IncomingSound | None

    def become(self, caller: Caller | None) -> None:
        """It has said who it is; None: it failed to."""
        ...

    async def send(self, reply: Reply) -> None:
        """Waits while the client has much to read; disconnects it when it does not read. Raises
        ClientGoneError."""
        ...

    async def send_with(self, reply: Reply, binary: bytes) -> None:
        """Like `send`, and `binary` is the next binary frame that the client gets."""
        ...

    def cancel(self, request_id: str) -> bool:
        """End a request, which then replies so. False when there is no such request."""
        ...

    def subscribe(self, request_id: str, topics: frozenset[Topic]) -> None: ...

    def unsubscribe(self) -> None: ...


class Context:
    """One request. `action` is the reply's action."""

    __slots__ = ("_sequence_id", "action", "client", "request_id", "services")

    def __init__(self, services: Services, client: Client, request_id: str, action: str) -> None:
        self.services = services
        self.client = client
        self.request_id = request_id
        self.action = action
        self._sequence_id = 0

    @property
    def caller(self) -> Caller:
        """Who asks, with no more than its person may. Raises UnauthenticatedError where nobody has
        said so, which only an action for anyone can meet."""
        if self.client.caller is None:
            raise UnauthenticatedError("Nobody has said who this is.")
        return as_known(self.services, self.client.caller)

    async def processing(self, metadata: dict[str, Any]) -> None:
        """Tell that the work has begun, and what is known of it."""
        chunk = self._chunk("metadata", None, metadata)
        await self.client.send(
            ProcessingReply(request_id=self.request_id, action=self.action, chunk=chunk)
        )

    async def chunk(
        self, kind: ChunkType, data: Any, metadata: dict[str, Any] | None = None
    ) -> None:
        """Send a piece of the reply."""
        chunk = self._chunk(kind, data, metadata or {})
        await self.client.send(
            ChunkReply(request_id=self.request_id, action=self.action, chunk=chunk)
        )

    async def binary_chunk(self, kind: ChunkType, data: bytes, metadata: dict[str, Any]) -> None:
        """Send a piece of the reply whose data is the next binary frame."""
        chunk = self._chunk(kind, None, {**metadata, "binary": True})
        reply = ChunkReply(request_id=self.request_id, action=self.action, chunk=chunk)
        await self.client.send_with(reply, data)

    def _chunk(self, kind: ChunkType, data: Any, metadata: dict[str, Any]) -> Chunk:
        chunk = Chunk(
            type=kind,
            data=data,
            metadata=metadata,
            timestamp=now(),
            sequence_id=self._sequence_id,
        )
        self._sequence_id += 1
        return chunk
