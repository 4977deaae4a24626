"""Providers of language models that say what they are told to, when they are told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

from pichat.llm.base import CallDelta, Ended, LlmEvent, Request, TextDelta

Line = LlmEvent | float | Exception
"""An event, a time to wait in seconds, or how it fails."""

STOP = Ended(reason="stop")
FOR_EVER = 1e9


def words(*texts: str) -> list[Line]:
    """A whole answer."""
    return [*(TextDelta(text=text) for text in texts), STOP]


def calling(*calls: tuple[str, str], text: str = "") -> list[Line]:
    """An answer that calls tools: (name, arguments as JSON text)."""
    pieces: list[Line] = [TextDelta(text=text)] if text else []
    for index, (name, arguments) in enumerate(calls):
        pieces.append(CallDelta(index=index, id=f"id{index}", name=name))
        pieces.append(CallDelta(index=index, arguments=arguments))
    return [*pieces, Ended(reason="tool_calls")]


class Scripted:
    """Implements base.Provider. Each request is answered by the next of `answers`, and after those
    by the last again."""

    def __init__(self, name: str, *answers: Sequence[Line], cloud: bool = False) -> None:
        self.name = name
        self.model = f"{name}-model"
        self.cloud = cloud
        self.answers = [*answers]
        self.requests: list[Request] = []
        self.closed = 0

    async def stream(self, request: Request) -> AsyncGenerator[LlmEvent, None]:
        self.requests.append(request)
        answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
        try:
            for line in answer:
                if isinstance(line, float):
                    await asyncio.sleep(line)
                elif isinstance(line, Exception):
                    raise line
                else:
                    yield line
        finally:
            self.closed += 1


class Probed(Scripted):
    """One that can be probed. Each probe meets the next of `probes`: how it fails, or None."""

    def __init__(self, name: str, *answers: Sequence[Line], probes: Sequence[Line | None]) -> None:
        super().__init__(name, *answers)
        self._probes = iter(probes)
        self.probed_at_s: list[float] = []

    async def probe(self) -> None:
        self.probed_at_s.append(asyncio.get_running_loop().time())
        line = next(self._probes)
        if isinstance(line, float):
            await asyncio.sleep(line)
        elif isinstance(line, Exception):
            raise line
