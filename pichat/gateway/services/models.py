"""What the actions need of the models that can be asked."""

from typing import Protocol

from pichat.turn.catalogue import ModelList


class Models(Protocol):
    async def models(self) -> ModelList:
        """What is known now. Nothing is asked for over the network."""
        ...

    async def refresh(self) -> ModelList:
        """Ask the providers which models they have, those that did not tell it lately. One that
        fails is told in `errors`."""
        ...
