"""What the actions need of the sentences that screens offer."""

from collections.abc import Sequence
from typing import Protocol

from pichat.store.suggestions import Suggestion


class Suggestions(Protocol):
    """Changes are durable when these return. They raise BadRequestError for what cannot be offered,
    NotFoundError, and UnavailableError."""

    @property
    def own(self) -> tuple[Suggestion, ...]:
        """The owner's, in order."""
        ...

    async def all(self) -> tuple[Suggestion, ...]:
        """The owner's; or, when there are none, some that this house understands."""
        ...

    async def create(
        self, text: str, label: str | None = None, place: int | None = None
    ) -> Suggestion:
        """`place`: before which of the others, counted from 0; None: last."""
        ...

    async def update(
        self,
        suggestion_id: str,
        *,
        text: str | None = None,
        label: str | None = None,
        place: int | None = None,
    ) -> Suggestion: ...

    async def delete(self, suggestion_id: str) -> None: ...

    async def replace(self, suggestions: Sequence[tuple[str, str | None]]) -> None:
        """Texts, each with its label, in the place of all that there were."""
        ...
