"""What a person said is thought about: by the models of the profile's chain, with the tools."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from pichat.events import TurnProgress, TurnText
from pichat.turn.ending import Ending, Happened
from pichat.turn.stopwatch import Stopwatch
from pichat.turn.thinking import Thinking, Thought


class ByModels:
    """Implements Way. `first`: the step that is asked first."""

    def __init__(self, text: str, first: str, thinking: Thinking) -> None:
        self.text = text
        self.provider = first
        self._thinking = thinking

    async def events(self, clock: Stopwatch) -> AsyncGenerator[Happened | Ending, None]:
        """See Way."""
        async with aclosing(self._thinking.events()) as events:
            async for event in events:
                if isinstance(event, Thought):
                    clock.mark("think")
                    yield self._ending(event)
                    continue
                if not isinstance(event, TurnProgress):
                    clock.first("first_word" if isinstance(event, TurnText) else "first_tool")
                yield event

    @property
    def answered(self) -> bool:
        """See Way."""
        return self._thinking.so_far().provider is not None

    def so_far(self) -> Ending | None:
        """See Way."""
        thought = self._thinking.so_far()
        return self._ending(thought) if thought.messages else None

    def _ending(self, thought: Thought) -> Ending:
        return Ending(
            text=thought.text,
            provider=thought.provider or self.provider,
            model=thought.model,
            tokens=thought.tokens,
            tried=thought.tried,
            messages=thought.messages,
            cut_off=thought.cut_off,
            error=thought.error,
        )
