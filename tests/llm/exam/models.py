"""Models that sit the exam: one that knows everything, and others."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from pichat.llm.base import CallDelta, Ended, LlmEvent, Request, TextDelta, Usage
from pichat.llm.exam.paper import Expected, Outcome, Task, Wanted, tasks

Calls = Sequence[tuple[str, dict[str, Any]]]


class Knowing:
    """Implements Provider: looks up what is to be looked up, then does what is to be done, then
    says so. `change` may spoil what it does."""

    name = model = "knowing"
    cloud = False

    def __init__(self) -> None:
        self._tasks = {task.say: task for task in tasks()}
        self.requests: list[Request] = []

    async def stream(self, request: Request) -> AsyncGenerator[LlmEvent, None]:
        self.requests.append(request)
        newest = next(each for each in reversed(request.messages) if each.role == "user")
        rounds = sum(each.role == "assistant" for each in request.messages)
        steps = [calls for calls in self.steps(self._tasks[newest.text]) if calls]
        yield Usage(input_tokens=900, cached_tokens=800)
        if rounds >= len(steps):
            yield TextDelta(text="All is done.")
        else:
            for index, (name, arguments) in enumerate(steps[rounds]):
                text = json.dumps(arguments)
                yield CallDelta(index=index, id=f"c{index}", name=name, arguments=text)
        yield Usage(input_tokens=900, cached_tokens=800, output_tokens=20)
        yield Ended(reason="stop")

    def steps(self, task: Task) -> Sequence[Calls]:
        outcome = self.outcome(task)
        looks = [
            ("get_device_state", {"devices": [device], "capability": capability})
            for device, capability in sorted(outcome.reads)
        ]
        return looks, [*_setting(outcome.sets), *_setting(outcome.asks)]

    def outcome(self, task: Task) -> Outcome:
        return task.outcomes[0]


class Glancing(Knowing):
    """Looks everything up in the most general way, whether it has to or not."""

    name = model = "glancing"

    def steps(self, task: Task) -> Sequence[Calls]:
        if not task.calls:
            return ()
        _, deeds = super().steps(task)
        return [("get_house_state", {}), ("find_devices", {"query": ""})], deeds


class Otherwise(Knowing):
    """Does the last of what is as good."""

    name = model = "otherwise"

    def outcome(self, task: Task) -> Outcome:
        return task.outcomes[-1]


class Stubborn(Knowing):
    """Turns on the office plug, whatever is said."""

    name = model = "stubborn"

    def steps(self, task: Task) -> Sequence[Calls]:
        arguments = {"devices": ["office plug"], "capability": "on_off", "value": "on"}
        return ([("set_device_state", arguments)],)


def _setting(expected: Expected) -> Calls:
    return [
        ("set_device_state", {"devices": [device], "capability": capability, "value": _value(want)})
        for (device, capability), want in expected.items()
    ]


def _value(want: Wanted) -> Any:
    if want.exact is not None:
        return want.exact
    return want.text if want.hue_deg is not None else (want.low + want.high) / 2
