"""Calls of tools, what came of them, and the questions that they raise."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from pichat.events.house import State

Source = Literal["voice", "screen", "shell", "agent", "guest", "model"]
"""Who asked for something. `guest`: a visitor or a child, who is told no secrets and whose yes does
not count. What a model asks for has the source `model`, whoever spoke to it."""


LONG_TRANSITION_S = 5.0
"""Nobody waits longer for a light to arrive: it has accepted, and is on its way."""


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that a person sent, or that a tool gave. `data` is the file itself."""

    media_type: str
    data: bytes


class ToolCall(msgspec.Struct, frozen=True, kw_only=True):
    """A tool's name and its arguments as JSON values; validated by the tool before it runs."""

    name: str
    arguments: dict[str, Any]


class DeviceOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one device in a call. Exactly one of `state` (confirmed) and `error`. With
    `going_to`, it has accepted that and is on its way; `state` is what it was last."""

    device_id: str
    device_name: str
    capability: str
    state: State | None = None
    error_code: str | None = None
    error: str | None = None  # a sentence
    going_to: State | None = None

    @property
    def ok(self) -> bool:
        return self.error_code is None


class Question(msgspec.Struct, frozen=True, kw_only=True, tag="confirmation_asked"):
    """A call that waits for a person's yes. `text` asks for it aloud; `expires_s` is in seconds
    since the epoch; `conversation_id`: in which of them a spoken yes counts."""

    id: str
    text: str
    call: ToolCall
    conversation_id: str
    turn_id: str
    expires_s: float


class Answered(msgspec.Struct, frozen=True, kw_only=True, tag="confirmation_ended"):
    """A question is no longer open: yes, no, or nobody answered in time."""

    id: str
    answer: Literal["yes", "no", "expired"]


class McpServersChanged(msgspec.Struct, frozen=True, kw_only=True, tag="mcp_servers_changed"):
    """Servers of tools elsewhere are new, gone, or not as they were: those of these `names`."""

    names: tuple[str, ...]


class ToolsChanged(msgspec.Struct, frozen=True, kw_only=True, tag="tools_changed"):
    """Tools elsewhere are new, gone, or not as they were, or whom they are switched on for.
    `tools`: how many there are now."""

    tools: int


class InputAsked(msgspec.Struct, frozen=True, kw_only=True, tag="input_asked"):
    """A server of tools elsewhere asks a person for something in the middle of a call. `text` is
    its words, from outside the house. `fields`: `properties` and `required` of a JSON schema; or
    `url`: a page to visit. `expires_s` is in seconds since the epoch."""

    id: str
    server: str
    text: str
    fields: dict[str, Any]
    expires_s: float
    url: str | None = None


class InputEnded(msgspec.Struct, frozen=True, kw_only=True, tag="input_ended"):
    """What a server asked for is no longer open: it was told, or not, or nobody answered in
    time."""

    id: str
    answer: Literal["yes", "no", "expired"]


class ToolResult(msgspec.Struct, frozen=True, kw_only=True):
    """`outcomes` for tools that act on or read devices, `value` and `images` for the rest.
    `outside`: they are from outside the house, and nobody's wish. `question`: nothing was done yet,
    somebody has to say yes first. `failed`: the tool says so itself, and `value` tells why."""

    outcomes: tuple[DeviceOutcome, ...] = ()
    value: Any = None
    outside: bool = False
    question: Question | None = None
    images: tuple[Image, ...] = ()
    failed: bool = False

    @property
    def ok(self) -> bool:
        return not self.failed and all(outcome.ok for outcome in self.outcomes)
