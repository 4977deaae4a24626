"""What one could say: the sentences that the owner offers on screens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from pichat.store.db import Database, Statement


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """`label` is what a button says, `text` what it stands for."""

    id: str
    label: str
    text: str


class SuggestionTable:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self) -> tuple[Suggestion, ...]:
        """In their order."""
        rows = await self._database.read(
            "SELECT id, label, text FROM suggestions ORDER BY place, id"
        )
        return tuple(Suggestion(id=each, label=label, text=text) for each, label, text in rows)

    async def save(self, suggestions: Sequence[Suggestion]) -> None:
        """These in this order, and no others. Raises UnavailableError when the disk does not take
        it."""
        await self._database.write_together(_statements(suggestions))


def _statements(suggestions: Sequence[Suggestion]) -> Iterator[Statement]:
    yield "DELETE FROM suggestions", ()
    for place, each in enumerate(suggestions):
        yield (
            "INSERT INTO suggestions (id, label, text, place) VALUES (?, ?, ?, ?)",
            (each.id, each.label, each.text, float(place)),
        )
