"""The intents of each language that a profile speaks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from pichat.events import ToolResult
from pichat.intents.gate import Understanding
from pichat.intents.understood import Understood


class Intents(Understanding, Protocol):
    """What a turn needs of the intents, and who keeps them up to date."""

    def answer(self, understood: Understood, results: Sequence[ToolResult]) -> str: ...

    def not_understood(self) -> str: ...

    def warm(self) -> None:
        """Load what the first sentence would have to wait for. Any thread."""
        ...

    def refresh(self) -> None:
        """The house has other names now."""
        ...


class Tongues:
    """Another language than the house's is loaded when a profile first speaks it."""

    def __init__(self, house: str, intents: Intents, make: Callable[[str], Intents]) -> None:
        """`intents`: of the language `house`; `make` makes those of another one."""
        self.house = house
        self._make = make
        self._known = {house: intents}

    async def of(self, language: str | None) -> Intents:
        """The intents of a language, None for the house's. Raises ConfigError for one that there is
        nothing for."""
        language = language or self.house
        if language not in self._known:
            intents = self._make(language)
            await asyncio.to_thread(intents.warm)
            self._known[language] = intents
        return self._known[language]

    def warm(self) -> None:
        """See Intents; of the house's language."""
        self._known[self.house].warm()

    def refresh(self) -> None:
        """See Intents."""
        for intents in list(self._known.values()):
            intents.refresh()
