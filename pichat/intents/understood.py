"""What a sentence came to."""

from __future__ import annotations

from typing import Any

import msgspec

from pichat.events import ToolCall


class Understood(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence's meaning. `response` is the package's key of the kind of answer; `slots` what
    was said (area, name, state, temperature, …)."""

    intent: str
    calls: tuple[ToolCall, ...]
    slots: dict[str, Any]
    response: str
    language: str
