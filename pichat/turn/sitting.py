"""One request of the exam: a turn as any other, on a house in memory."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from datetime import datetime

import msgspec

from pichat.bus import Bus
from pichat.config.types import Profile
from pichat.events import Device, State, ToolCall, TurnTool
from pichat.health import Health
from pichat.llm.base import Provider
from pichat.llm.chain import Chain
from pichat.llm.exam.figures import Result
from pichat.llm.exam.house import ExamHouse, Place, States
from pichat.llm.exam.marking import Done, wrong
from pichat.llm.exam.measured import Measured
from pichat.llm.exam.paper import Task
from pichat.store.audit import Audit
from pichat.tools import load_tools
from pichat.tools.base import Toolbox
from pichat.tools.set_device_state import SetDeviceState
from pichat.tools.specs import house_text
from pichat.tools.targets import resolve
from pichat.turn.model_tools import ToolsOfTurn
from pichat.turn.prompt import context_text, system_text
from pichat.turn.thinking import Thinking, Thought, Wish

_NOW = datetime(2026, 11, 24, 18, 30)  # noqa: DTZ001  the same for every model, in no zone
_AT_A_GLANCE = ("on_off", "contact", "cover_position", "lock", "occupancy", "temperature")
"""What get_house_state tells."""


class Examiner:
    """Asks the `providers` as a profile's chain would. `language` is the house's."""

    def __init__(
        self,
        providers: Mapping[str, Provider],
        profile: Profile,
        profile_name: str = "default",
        language: str = "en",
    ) -> None:
        self._measured = {name: Measured(provider) for name, provider in providers.items()}
        self._profile = profile
        self._profile_name = profile_name
        self._language = language
        self._tools = load_tools()

    async def sit(self, task: Task) -> Result:
        """What came of a request. Raises nothing of the model's: that it failed is the result."""
        house = task.house()
        before, devices = dict(house.states), house.devices()
        # A chain of its own each time: here nobody is spared because of how it failed before.
        chain = Chain(self._measured, Health(Bus()))
        thinking = Thinking(chain, self._tools_of_turn(house), self._wish(task, devices))
        since = {name: len(each.answers) for name, each in self._measured.items()}
        start_s = time.monotonic()
        tools, thought = await _all_of(thinking)
        took_s = time.monotonic() - start_s
        calls = [call for message in thought.messages for call in message.calls]
        done = Done(
            before=before,
            after=house.states,
            commanded=frozenset(house.commanded),
            asked=_asked(tools, devices),
            seen=_seen(tools, devices),
            calls=len(calls),
        )
        why = thought.error.sentence if thought.error and not thought.provider else None
        return Result(
            say=task.say,
            group=task.group,
            wrong=f"no answer: {why}" if why else wrong(task, done),
            called=tuple(f"{call.name} {call.arguments}" for call in calls),
            answer=thought.text,
            provider=thought.provider,
            model=thought.model,
            error=_error(thought),
            took_s=round(took_s, 4),
            answers=tuple(
                answer
                for name, each in self._measured.items()
                for answer in each.answers[since[name] :]
            ),
        )

    def _tools_of_turn(self, house: ExamHouse) -> ToolsOfTurn:
        return ToolsOfTurn(
            toolbox=Toolbox(house, Audit(), self._tools),
            devices=house.devices,
            allowed=self._profile.tools,
            turn_id="exam",
            conversation_id="exam",
        )

    def _wish(self, task: Task, devices: Sequence[Device]) -> Wish:
        return Wish(
            turn_id="exam",
            text=task.say,
            system=system_text(self._profile, house_text(devices), self._language),
            context=context_text(_NOW, task.area),
            profile=self._profile,
            profile_name=self._profile_name,
        )


async def _all_of(thinking: Thinking) -> tuple[list[TurnTool], Thought]:
    tools: list[TurnTool] = []
    thought = thinking.so_far()
    async with aclosing(thinking.events()) as events:
        async for event in events:
            if isinstance(event, TurnTool):
                tools.append(event)
            elif isinstance(event, Thought):
                thought = event
    return tools, thought


def _error(thought: Thought) -> str | None:
    """With the reason of each that was asked in vain: the owner has to do something about them."""
    if thought.error is None:
        return None
    return " ".join(dict.fromkeys([*(tried.reason for tried in thought.tried)])) or (
        thought.error.sentence
    )


def _asked(tools: Sequence[TurnTool], devices: Sequence[Device]) -> States:
    """What a person was asked for, as the states that would come of a yes."""
    questions = [each.result.question for each in tools if each.result.question is not None]
    return {
        place: value for question in questions for place, value in _states(question.call, devices)
    }


def _states(call: ToolCall, devices: Sequence[Device]) -> list[tuple[Place, State]]:
    if call.name != "set_device_state":
        return []
    arguments = msgspec.convert(call.arguments, SetDeviceState)
    found = resolve(arguments.target, arguments.capability, devices)
    return [((device.name, arguments.capability), arguments.value) for device in found]


def _seen(tools: Sequence[TurnTool], devices: Sequence[Device]) -> frozenset[Place]:
    """What the model has looked up, in whatever way."""
    return frozenset(place for each in tools for place in _told(each, devices))


def _told(tool: TurnTool, devices: Sequence[Device]) -> list[Place]:
    value = tool.result.value
    if tool.call.name == "get_house_state":
        return [(device.name, name) for device in devices for name in _AT_A_GLANCE]
    if tool.call.name == "find_devices" and isinstance(value, dict):
        names = {found["name"] for found in value["devices"]}
        return [(each.name, name) for each in devices if each.name in names for name in each.state]
    outcomes = tool.result.outcomes
    return [(outcome.device_name, outcome.capability) for outcome in outcomes if outcome.ok]
