"""Every envelope of the WebSocket protocol, and nothing else.

Client to server: `Request`. Server to client: one struct per `status`. A request that streams is
answered by one `ProcessingReply`, any number of `ChunkReply` and one `CompleteReply`; every other
by one `CompleteReply`; a failure is one `ErrorReply` instead. `EventReply` follows `subscribe`.
"""

import uuid
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

ChunkType = Literal["text", "audio", "image", "tool", "transcript", "metadata"]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """`action` says what is wanted, and `payload` has its arguments. `request_id` comes back with
    every reply; without one, PiChat makes one. Fields that are not known here are ignored, so that
    older and newer clients can talk."""

    action: str
    payload: dict[str, Any] | None = None
    request_id: str | None = None


class Chunk(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a reply. `type` says what `data` is: text, a tool's call and result, a picture or
    sound in base64; `metadata` says more of it. `sequence_id` counts from 0 within one request;
    `timestamp` is UTC."""

    type: ChunkType
    data: Any
    metadata: dict[str, Any]
    timestamp: datetime
    sequence_id: int


class ProcessingReply(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="status", tag="processing"
):
    """The work has begun. `request_id` is the request's, `action` that of its reply. `chunk` is of
    type metadata and tells what is known so far."""

    request_id: str
    action: str
    chunk: Chunk


class ChunkReply(msgspec.Struct, frozen=True, kw_only=True, tag_field="status", tag="chunk"):
    """A piece of the answer. `request_id` is the request's, `action` that of its reply; `chunk`
    comes as soon as it is known."""

    request_id: str
    action: str
    chunk: Chunk


class CompleteReply(msgspec.Struct, frozen=True, kw_only=True, tag_field="status", tag="complete"):
    """The last of a reply that went well. `request_id` is the request's, `action` that of its
    reply; `payload` is the whole result."""

    request_id: str
    action: str
    payload: Any


class EventReply(msgspec.Struct, frozen=True, kw_only=True, tag_field="status", tag="event"):
    """Something happened. `request_id` is that of the `subscribe`; `action` is the event's name,
    and `payload` the event."""

    request_id: str
    action: str
    payload: msgspec.Raw


class ErrorPayload(msgspec.Struct, frozen=True, kw_only=True):
    """`action` is the one that failed, as far as it could be read."""

    code: str
    message: str
    action: str | None
    retryable: bool


class ErrorReply(msgspec.Struct, frozen=True, kw_only=True, tag_field="status", tag="error"):
    """The last of a reply that went wrong. `request_id` is the request's, or a new one where it
    could not be read. `error` and `payload.message` are the same sentence, safe to show to a
    person; the `payload` has what programs look at."""

    request_id: str
    error: str
    payload: ErrorPayload
    action: Literal["error"] = "error"


Reply = ProcessingReply | ChunkReply | CompleteReply | EventReply | ErrorReply

_encoder = msgspec.json.Encoder()


def encode(reply: Reply) -> bytes:
    """One UTF-8 JSON text frame."""
    return _encoder.encode(reply)


def raw_json(value: Any) -> msgspec.Raw:
    """`value` encoded once, for frames to many clients."""
    return msgspec.Raw(_encoder.encode(value))


def now() -> datetime:
    return datetime.now(UTC)


def new_id() -> str:
    """A short id that is unlikely to come twice while anybody cares."""
    return uuid.uuid4().hex[:16]
