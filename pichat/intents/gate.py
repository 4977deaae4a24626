"""The gate behind the recogniser: only what is a whole command counts as heard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from pichat.intents.understood import Understood


class Understanding(Protocol):
    """What the gate asks of the intents."""

    def understand(self, text: str, area: str | None = None) -> Understood | None: ...


Passed = tuple[str, Understood]
"""A candidate that is a command, and its meaning."""


def try_each(
    intents: Understanding, candidates: Sequence[str], area: str | None = None
) -> Iterator[Passed | None]:
    """Each candidate in turn, likeliest first: what passed, or None. Each takes milliseconds."""
    for text in candidates:
        understood = intents.understand(text, area)
        yield None if understood is None else (text, understood)


def first_understood(
    intents: Understanding, candidates: Sequence[str], area: str | None = None
) -> Passed | None:
    """The likeliest candidate that is a command; None refuses the speech."""
    return next(filter(None, try_each(intents, candidates, area)), None)
