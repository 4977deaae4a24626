"""What can be served to other programs, as plain values; none of it brings the SDK."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal, Protocol, TypeVar

import msgspec

Json = dict[str, Any]
W_contra = TypeVar("W_contra", contravariant=True)

Progress = Callable[[float, float | None, str], Awaitable[None]]
"""How far it is, of how much, in words. Waits while the client has much to read."""


class ServedTool(msgspec.Struct, frozen=True, kw_only=True):
    """`takes` and `gives` are JSON schemas of objects. `changes`: it changes something, `destroys`:
    what cannot be got back so easily. `again`: doing it twice is as doing it once. `outside`: it
    reaches out of the house."""

    name: str
    title: str
    description: str
    takes: Json
    gives: Json | None = None
    changes: bool = True
    destroys: bool = False
    again: bool = False
    outside: bool = False


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    media_type: str
    data: bytes


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a call. `value` fits the tool's `gives`; `text` tells the same to a reader.
    `failed`: it could not be done, or not all of it."""

    text: str
    value: Json | None = None
    failed: bool = False
    code: str | None = None
    pictures: tuple[Picture, ...] = ()


class ServedResource(msgspec.Struct, frozen=True, kw_only=True):
    """JSON that can be read under `uri`, or under each address that fits it where `uri` is a
    template (RFC 6570)."""

    uri: str
    name: str
    title: str
    description: str


class ServedArgument(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    description: str
    required: bool = False


class ServedPrompt(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    title: str
    description: str
    arguments: tuple[ServedArgument, ...] = ()


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """`client`: the name that a program gave itself. `talk`: of one connection, where there is
    such a thing."""

    name: str
    arguments: Json
    depth: int = 0
    client: str = ""
    talk: str = ""


class House(Protocol[W_contra]):
    """What is served, to each caller its own (`who`). Everything raises PiChatError."""

    def tools(self, who: W_contra) -> Sequence[ServedTool]: ...

    async def call(self, who: W_contra, call: Call, progress: Progress) -> Done:
        """Raises NotFoundError for a tool that is not among the caller's; all else that fails is
        told as done, and failed."""
        ...

    def resources(self, who: W_contra) -> Sequence[ServedResource]: ...

    def templates(self, who: W_contra) -> Sequence[ServedResource]: ...

    async def read(self, who: W_contra, uri: str) -> Any:
        """For JSON. Raises NotFoundError and NotAllowedError."""
        ...

    async def may_follow(self, who: W_contra, uri: str) -> bool:
        """Whether the caller may hear when that changes."""
        ...

    def prompts(self, who: W_contra) -> Sequence[ServedPrompt]: ...

    def prompt(self, who: W_contra, name: str, arguments: dict[str, str]) -> str:
        """Raises NotFoundError."""
        ...

    def complete(
        self, who: W_contra, kind: Literal["prompt", "resource"], name: str, argument: str
    ) -> Sequence[str]:
        """All that an argument may be."""
        ...


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """What is not as it was, since that was told last: which lists, and which resources."""

    tools: bool = False
    prompts: bool = False
    resources: bool = False
    uris: tuple[str, ...] = ()
