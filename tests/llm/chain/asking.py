"""A chain of scripted providers, and what came of asking it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from pichat.bus import Bus
from pichat.config.types import Step
from pichat.errors import PiChatError
from pichat.events import PartHealth, Tried
from pichat.health import Health
from pichat.llm.attempt import Answering
from pichat.llm.base import Message, Request, TextDelta
from pichat.llm.chain import Chain, ChainEvent
from tests.support.scripted_model import Scripted

ASKED = Request(system="", messages=(Message(role="user", text="Tell me a joke."),))
WITH_RESULT = Request(
    system="", messages=(*ASKED.messages, Message(role="tool", text="{}", call_id="1"))
)


@dataclass
class Came:
    """`took_s`: virtual time."""

    events: list[ChainEvent] = field(default_factory=list)
    error: PiChatError | None = None
    took_s: float = 0.0

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, TextDelta))

    @property
    def tried(self) -> list[tuple[str, str]]:
        return [(e.provider, e.code) for e in self.events if isinstance(e, Tried)]

    @property
    def answering(self) -> list[tuple[str, str]]:
        return [(e.provider, e.model) for e in self.events if isinstance(e, Answering)]


class Asking:
    def __init__(self, *providers: Scripted) -> None:
        self.health = Health(Bus())
        self.chain = Chain({each.name: each for each in providers}, self.health)

    async def ask(
        self,
        *steps: Step | str,
        request: Request = ASKED,
        may_use_cloud: bool = False,
    ) -> Came:
        came, loop = Came(), asyncio.get_running_loop()
        began_s = loop.time()
        chosen: Sequence[Step] = [s if isinstance(s, Step) else Step(use=s) for s in steps]
        stream = self.chain.stream(chosen, request, may_use_cloud=may_use_cloud)
        try:
            async with aclosing(stream) as events:
                async for event in events:
                    came.events.append(event)
        except PiChatError as error:
            came.error = error
        came.took_s = loop.time() - began_s
        return came

    @property
    def thinking(self) -> PartHealth:
        return self.health.parts()["thinking"]
