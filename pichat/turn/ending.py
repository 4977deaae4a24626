"""What a turn has come to."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol

import msgspec

from pichat.errors import PiChatError
from pichat.events import Tokens, Tried, TurnProgress, TurnText, TurnTool
from pichat.llm.base import Message
from pichat.turn.stopwatch import Stopwatch

Happened = TurnText | TurnTool | TurnProgress
"""What comes before the ending."""


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """The whole answer, and who gave it. `messages`: what to keep after the person's own one.
    `cut_off`: the answer is not whole. `error`: what failed; the text has told it."""

    text: str
    provider: str
    model: str | None = None
    tokens: Tokens | None = None
    tried: tuple[Tried, ...] = ()
    messages: tuple[Message, ...] = ()
    cut_off: bool = False
    error: PiChatError | None = None


class Way(Protocol):
    """One of the ways to answer."""

    @property
    def text(self) -> str:
        """What was said, as it was understood."""
        ...

    @property
    def provider(self) -> str:
        """Who is asked first."""
        ...

    @property
    def answered(self) -> bool:
        """Whether anybody was there to answer; else somebody else may be asked."""
        ...

    def events(self, clock: Stopwatch) -> AsyncGenerator[Happened | Ending, None]:
        """The answer as it comes, `Ending` last. Raises a PiChatError when it fails without having
        said so."""
        ...

    def so_far(self) -> Ending | None:
        """Where it stands, for a turn that is broken off; None when nothing has come of it."""
        ...


def said(text: str, provider: str, error: PiChatError | None = None) -> Ending:
    """An answer without a model: one message, its text."""
    messages = (Message(role="assistant", text=text),) if text else ()
    return Ending(text=text, provider=provider, error=error, messages=messages)
