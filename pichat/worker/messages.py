"""What the daemon and a child tell each other: msgpack, each message behind its length.

The length is four bytes, big-endian. The child gets one `Load`, then any number of `Run`, one at
a time; each ends with `Done` or `Failed`.
"""

import struct
from typing import Any, Generic, TypeVar

import msgspec

LONGEST_BYTES = 16 * 1024 * 1024
HEAD = struct.Struct(">I")


class Load(msgspec.Struct, frozen=True, tag="load"):
    """`job`: a module like those of jobs/. `settings`: its Settings."""

    job: str
    settings: Any


class Run(msgspec.Struct, frozen=True, tag="run"):
    number: int
    request: Any


class Cancel(msgspec.Struct, frozen=True, tag="cancel"):
    number: int


class Loading(msgspec.Struct, frozen=True, tag="loading"):
    done: float  # 0 to 1


class Loaded(msgspec.Struct, frozen=True, tag="loaded"):
    pass


class Piece(msgspec.Struct, frozen=True, tag="piece"):
    number: int
    item: Any


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The answer is complete, or was cancelled."""

    number: int


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """No `number`: loading failed. No `code`: the job raised what it should not; `reason` is then
    the name of that error, else the sentence of a PiChatError."""

    number: int | None
    code: str | None
    reason: str


ToChild = Load | Run | Cancel
FromChild = Loading | Loaded | Piece | Done | Failed
Message = TypeVar("Message")


class Wire(Generic[Message]):
    """Reads messages of one direction."""

    def __init__(self, kind: Any) -> None:
        self._decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(kind)

    def length(self, head: bytes) -> int:
        """How many bytes follow. Raises ValueError when no sane peer sends so many."""
        (length,) = HEAD.unpack(head)
        if length > LONGEST_BYTES:
            raise ValueError("message too long")
        return int(length)

    def message(self, body: bytes) -> Message:
        """Raises msgspec.DecodeError, a ValueError."""
        return self._decoder.decode(body)


def frame(message: ToChild | FromChild) -> bytes:
    """Raises ValueError when it is too long to be sent."""
    body = bytearray(HEAD.size)
    msgspec.msgpack.Encoder().encode_into(message, body, HEAD.size)
    length = len(body) - HEAD.size
    if length > LONGEST_BYTES:
        raise ValueError("message too long")
    HEAD.pack_into(body, 0, length)
    return bytes(body)
