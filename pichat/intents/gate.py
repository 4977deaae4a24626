"""The gate behind the recogniser: only what is a whole command counts as heard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pichat.intents.understood import Understood


class Understanding(Protocol):
    """What the gate asks of the intents."""

    def understand(self, text: str, area: str | None = None) -> Understood | None: ...


def first_understood(
    intents: Understanding, candidates: Sequence[str], area: str | None = None
) -> tuple[str, Understood] | None:
    """The likeliest candidate that is a command, with its meaning; None refuses the speech."""
    for text in candidates:
        understood = intents.understand(text, area)
        if understood is not None:
            return text, understood
    return None
