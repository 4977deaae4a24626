"""What the tests of thinking are made of: scripted models behind the real chain, scripted tools."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import aclosing
from typing import Any

import msgspec

from pichat.bus import Bus
from pichat.config.types import Profile
from pichat.errors import BadRequestError, NotFoundError
from pichat.events import (
    DeviceOutcome,
    Question,
    State,
    ToolCall,
    ToolResult,
    TurnProgress,
    TurnText,
    TurnTool,
)
from pichat.health import Health
from pichat.llm.base import Call, Message, Request, ToolSpec
from pichat.llm.chain import Chain
from pichat.tools.remote import Progress
from pichat.turn.acting import ModelTools
from pichat.turn.thinking import Thinking, Thought, Wish
from tests.support.scripted_model import Scripted

Event = TurnText | TurnTool | TurnProgress | Thought
Outcome = ToolResult | Exception | float
"""What a tool gives, how it fails, or the seconds that it takes before it has nothing to say."""


def outcome(name: str, capability: str, state: State) -> DeviceOutcome:
    return DeviceOutcome(device_id=name, device_name=name, capability=capability, state=state)


def silent(name: str, capability: str) -> DeviceOutcome:
    return DeviceOutcome(
        device_id=name,
        device_name=name,
        capability=capability,
        error_code="device_silent",
        error=f"The {name} does not answer.",
    )


def did(*outcomes: DeviceOutcome) -> ToolResult:
    return ToolResult(outcomes=outcomes)


def asking(text: str) -> ToolResult:
    question = Question(
        id=text,
        text=text,
        call=ToolCall(name="unlock", arguments={}),
        conversation_id="c",
        turn_id="t",
        expires_s=30.0,
    )
    return ToolResult(question=question)


class ScriptedTools:
    """Implements ModelTools. `made` are the calls as they were begun: the tool, the arguments, and
    whether text from outside may be behind them; `ended` those that ran to their end."""

    def __init__(self, tools: Mapping[str, Outcome | Callable[[Any], Outcome]]) -> None:
        self._tools = tools
        self.made: list[tuple[str, Any, bool]] = []
        self.ended: list[str] = []

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        return tuple(ToolSpec(name=n, description=n, parameters={}) for n in self._tools)

    async def run(
        self, call: Call, *, outside: bool, progress: Progress | None = None
    ) -> tuple[ToolCall, ToolResult]:
        if call.name not in self._tools:
            raise NotFoundError(f"There is no tool called “{call.name}”.")
        try:
            arguments = msgspec.json.decode(call.arguments)
        except msgspec.DecodeError as error:
            raise BadRequestError(f"{call.name}: the arguments are not valid JSON.") from error
        self.made.append((call.name, arguments, outside))
        tool = self._tools[call.name]
        found = tool(arguments) if callable(tool) else tool
        if isinstance(found, float):
            await asyncio.sleep(found)
            found = ToolResult()
        self.ended.append(call.name)
        if isinstance(found, Exception):
            raise found
        return ToolCall(name=call.name, arguments=arguments), found


class Mind:
    """A profile's models and tools, and one turn of them after the other."""

    def __init__(self, *models: Scripted, tools: ModelTools | None = None) -> None:
        self.models = models
        self.tools = tools or ScriptedTools({})
        self.chain = Chain({model.name: model for model in models}, Health(Bus()))
        self.events: list[Event] = []

    def thinking(
        self, text: str = "Well?", profile: Profile | None = None, **wish: Any
    ) -> Thinking:
        return Thinking(
            self.chain,
            self.tools,
            Wish(
                turn_id="t",
                text=text,
                system="You are PiChat.",
                profile=profile or Profile(),
                **wish,
            ),
        )

    async def think(self, text: str = "Well?", **wish: Any) -> Thought:
        self.events = []
        async with aclosing(self.thinking(text, **wish).events()) as events:
            async for event in events:
                self.events.append(event)
        thought = self.events[-1]
        assert isinstance(thought, Thought)
        assert "".join(e.text for e in self.events if isinstance(e, TurnText)) == thought.text
        return thought

    @property
    def used(self) -> list[str]:
        """The tools whose results were shown."""
        return [event.call.name for event in self.events if isinstance(event, TurnTool)]

    @property
    def request(self) -> Request:
        """The last one of the first model."""
        return self.models[0].requests[-1]

    def read(self) -> list[str]:
        """What the model reads of the tools in its last request."""
        return [message.text for message in self.request.messages if message.role == "tool"]


def roles(messages: tuple[Message, ...]) -> list[str]:
    return [message.role for message in messages]
