"""What screens offer to say: the owner's sentences, or some that the house understands."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Hashable, Sequence
from typing import Self

from msgspec import structs

from pichat.bus import Bus
from pichat.errors import BadRequestError, NotFoundError
from pichat.events import SuggestionsChanged
from pichat.store.db import Database, uninterrupted
from pichat.store.suggestions import Suggestion, SuggestionTable

MOST = 50
_LABEL_LENGTH = 40  # of a button, where its owner gave it none
_MADE = "house-"


class Suggestions:
    """See gateway.services.Suggestions. `house` tells what sentences depend on: they are made again
    by `make`, on another thread, when that has changed."""

    def __init__(
        self,
        table: SuggestionTable,
        kept: Sequence[Suggestion],
        house: Callable[[], Hashable],
        make: Callable[[], Sequence[str]],
        bus: Bus,
    ) -> None:
        self._table = table
        self._kept = tuple(kept)
        self._house = house
        self._make = make
        self._bus = bus
        self._changing = asyncio.Lock()
        self._making = asyncio.Lock()
        self._made: tuple[Hashable, tuple[Suggestion, ...]] | None = None

    @classmethod
    async def load(
        cls,
        database: Database,
        house: Callable[[], Hashable],
        make: Callable[[], Sequence[str]],
        bus: Bus,
    ) -> Self:
        table = SuggestionTable(database)
        return cls(table, await table.load(), house, make, bus)

    @property
    def own(self) -> tuple[Suggestion, ...]:
        return self._kept

    async def all(self) -> tuple[Suggestion, ...]:
        return self._kept or await self._of_house()

    async def create(
        self, text: str, label: str | None = None, place: int | None = None
    ) -> Suggestion:
        new = Suggestion(id=uuid.uuid4().hex[:12], label=_label(label, text), text=_line(text))
        async with self._changing:
            if len(self._kept) >= MOST:
                raise BadRequestError(f"There are {MOST} suggestions, which is the most.")
            await self._keep(_placed(self._kept, new, place))
        return new

    async def update(
        self,
        suggestion_id: str,
        *,
        text: str | None = None,
        label: str | None = None,
        place: int | None = None,
    ) -> Suggestion:
        async with self._changing:
            old = self._get(suggestion_id)
            said = old.text if text is None else _line(text)
            if label is None and old.label == _label(None, old.text):
                label = _label(None, said)  # it was made of the text, and still is
            shown = old.label if label is None else _label(label, said)
            new = structs.replace(old, text=said, label=shown)
            others = tuple(each for each in self._kept if each.id != suggestion_id)
            await self._keep(
                _placed(others, new, self._kept.index(old) if place is None else place)
            )
        return new

    async def delete(self, suggestion_id: str) -> None:
        async with self._changing:
            gone = self._get(suggestion_id)
            await self._keep(tuple(each for each in self._kept if each is not gone))

    async def replace(self, suggestions: Sequence[tuple[str, str | None]]) -> None:
        if len(suggestions) > MOST:
            raise BadRequestError(f"There can be at most {MOST} suggestions.")
        new = tuple(
            Suggestion(id=uuid.uuid4().hex[:12], label=_label(label, text), text=_line(text))
            for text, label in suggestions
        )
        async with self._changing:
            await self._keep(new)

    # ---------------------------------------------------------------------------------------

    def _get(self, suggestion_id: str) -> Suggestion:
        for each in self._kept:
            if each.id == suggestion_id:
                return each
        made = suggestion_id.startswith(_MADE)
        raise NotFoundError(
            "That suggestion comes from the house itself; make one of your own, and it is gone."
            if made
            else f"There is no suggestion “{suggestion_id[:64]}”."
        )

    async def _of_house(self) -> tuple[Suggestion, ...]:
        async with self._making:
            house = self._house()
            if self._made is None or self._made[0] != house:
                texts = await asyncio.to_thread(self._make)
                self._made = (house, tuple(_made(at, text) for at, text in enumerate(texts, 1)))
            return self._made[1]

    async def _keep(self, suggestions: tuple[Suggestion, ...]) -> None:
        # What is on the disk holds, also when the screen that asked for it has gone.
        await uninterrupted(self._save(suggestions))

    async def _save(self, suggestions: tuple[Suggestion, ...]) -> None:
        await self._table.save(suggestions)
        self._kept = suggestions
        self._bus.publish(SuggestionsChanged())


def _made(number: int, text: str) -> Suggestion:
    return Suggestion(id=f"{_MADE}{number}", label=text, text=text)


def _placed(
    others: Sequence[Suggestion], new: Suggestion, place: int | None
) -> tuple[Suggestion, ...]:
    at = len(others) if place is None else place
    return (*others[:at], new, *others[at:])


def _line(text: str) -> str:
    """Raises BadRequestError for what nobody can read."""
    line = " ".join(text.split())
    if not line or not line.isprintable():
        raise BadRequestError("A suggestion is readable text that is not empty.")
    return line


def _label(label: str | None, text: str) -> str:
    """What the button says: its label, else the beginning of the text."""
    line = _line(text if label is None else label)
    if label is not None or len(line) <= _LABEL_LENGTH:
        return line
    return f"{line[: _LABEL_LENGTH - 1].rstrip()}…"
