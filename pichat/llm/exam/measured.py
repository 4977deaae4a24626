"""A provider with a stop-watch."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

import msgspec

from pichat.llm.base import CallDelta, Ended, LlmEvent, Provider, Request, TextDelta, Usage


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of a model. `first_s`: from the question to its first token, None when none came;
    `writing_s`: from there to its end."""

    first_s: float | None
    writing_s: float
    usage: Usage


class Measured:
    """Implements Provider with another one. `answers`: those so far that were not broken off."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self.name = provider.name
        self.model = provider.model
        self.cloud = provider.cloud
        self.answers: list[Answered] = []

    async def stream(self, request: Request) -> AsyncGenerator[LlmEvent, None]:
        """See Provider."""
        start_s = time.monotonic()
        first_s: float | None = None
        usage = Usage()
        async with aclosing(self._provider.stream(request)) as events:
            async for event in events:
                if isinstance(event, TextDelta | CallDelta) and first_s is None:
                    first_s = time.monotonic() - start_s
                elif isinstance(event, Usage):
                    usage = event
                elif isinstance(event, Ended):
                    self.answers.append(_answered(start_s, first_s, usage))
                yield event


def _answered(start_s: float, first_s: float | None, usage: Usage) -> Answered:
    total_s = time.monotonic() - start_s
    return Answered(first_s=first_s, writing_s=total_s - (first_s or total_s), usage=usage)
