"""What a language model is asked, what it answers with, and what a provider of one is."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, Literal, Protocol

import msgspec

from pichat.config.types import ModelParameters
from pichat.events import Image

Role = Literal["user", "assistant", "tool"]
EndReason = Literal["stop", "length", "tool_calls", "refused"]


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A tool call that a model made. `arguments` is JSON text as the model wrote it; `extra` holds
    what the provider said of it beside that, and wants back unchanged."""

    id: str
    name: str
    arguments: str
    extra: dict[str, Any] = {}


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message of a conversation, oldest first in a request.

    user: `text`, `images`. assistant: `text`, `calls`, `extra`. tool: `text` is the result of the
    call `call_id` of the tool `name`, and `images` the pictures that came with it. `extra` is
    what the provider `extra_of` said of a message of the assistant's beside its text (reasoning
    that has to be sent back); others leave it away.
    `outside`: the text came from outside the house (a web page, a remote tool), and is no wish of
    the person's.
    """

    role: Role
    text: str = ""
    images: tuple[Image, ...] = ()
    calls: tuple[Call, ...] = ()
    call_id: str = ""
    name: str = ""
    outside: bool = False
    extra: dict[str, Any] = {}
    extra_of: str = ""


class ToolSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A tool as a model sees it. `parameters` is a JSON schema of an object."""

    name: str
    description: str
    parameters: dict[str, Any]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """`system` and `tools` are byte-stable from one turn to the next, so that a model need not read
    them again; what changes (the time, the house's state) stands in `context`, which a provider
    puts last, right before the newest user message. `model` overrides the provider's own."""

    system: str
    messages: tuple[Message, ...]
    context: str = ""
    tools: tuple[ToolSpec, ...] = ()
    tool_choice: Literal["auto", "none", "required"] = "auto"
    parameters: ModelParameters = ModelParameters()
    model: str | None = None
    profile: str = "default"


class TextDelta(msgspec.Struct, frozen=True, kw_only=True, tag="text"):
    """The next piece of the answer."""

    text: str


class CallDelta(msgspec.Struct, frozen=True, kw_only=True, tag="call"):
    """A piece of the tool call number `index` (from 0). `id` and `name` come with the first piece,
    "" afterwards; the `arguments` of all pieces joined are JSON text. The `extra` of all pieces are
    merged, later keys over earlier ones."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""
    extra: dict[str, Any] = {}


class Usage(msgspec.Struct, frozen=True, kw_only=True, tag="usage"):
    """Tokens so far, of which the last in a stream counts. `cached_tokens` are those of the input
    that did not have to be read again; `cost_usd` where the provider tells it."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost_usd: float | None = None


class Ended(msgspec.Struct, frozen=True, kw_only=True, tag="ended"):
    """The last event of a stream. `extra`: see Message."""

    reason: EndReason
    extra: dict[str, Any] = {}


LlmEvent = TextDelta | CallDelta | Usage | Ended


class Provider(Protocol):
    """A source of answers. `name` is what a chain calls it by, `model` what it asks unless the
    request says otherwise; `cloud`: what is said leaves the house."""

    name: str
    model: str
    cloud: bool

    def stream(self, request: Request) -> AsyncGenerator[LlmEvent, None]:
        """The answer as it is written, `Ended` last. Closing the generator cancels it.

        Raises the errors of errors.py, and UnavailableError or BusyError for a model of this
        machine; a stream that breaks off raises too, and never just ends. Has no deadline for the
        whole answer: that is the chain's. A provider's own socket timeouts only find dead peers.
        """
        ...
