"""Turns with hand-written understanding: what is streamed, in which order, whatever fails."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing

import pytest

from pichat.bus import Bus
from pichat.events import (
    Event,
    State,
    ToolCall,
    ToolResult,
    TurnFinished,
    TurnStarted,
    TurnText,
    TurnTool,
    Utterance,
)
from pichat.intents.understood import Understood
from pichat.store.audit import Audit
from pichat.tools import load_tools
from pichat.tools.base import Toolbox
from tests.support.fake_house import small_house
from tests.support.turn_parts import new_turns


class Scripted:
    """Understands the texts that it was given calls for."""

    def __init__(self, known: dict[str, tuple[ToolCall, ...]]) -> None:
        self._known = known

    def understand(self, text: str, area: str | None = None) -> Understood | None:
        calls = self._known.get(text)
        if calls is None:
            return None
        return Understood(intent="Test", calls=calls, slots={}, response="", language="en")

    def answer(self, understood: Understood, results: Sequence[ToolResult]) -> str:
        if not results:
            raise IndexError("nothing to say")
        return " ".join("ok" if result.ok else "failed" for result in results)

    def not_understood(self) -> str:
        return "A language model would help."

    def warm(self) -> None: ...

    def refresh(self) -> None: ...


def setting(name: str, *, on: bool) -> ToolCall:
    arguments = {"target": {"devices": [name]}, "capability": "on_off", "value": on}
    return ToolCall(name="set_device_state", arguments=arguments)


KNOWN = {
    "light on": (setting("kitchen light", on=True),),
    "both off": (setting("kitchen light", on=False), setting("hallway light", on=False)),
    "toaster on": (setting("toaster", on=True),),
    "speechless": (),
}


def said(*candidates: str) -> Utterance:
    return Utterance(candidates=candidates, source="voice", turn_id="t1", conversation_id="c1")


class Room:
    def __init__(self) -> None:
        self.bus = Bus()
        self.house = small_house()
        box = Toolbox(self.house, Audit(), load_tools())
        self.turns = new_turns(Scripted(KNOWN), self.house, box, self.bus)

    async def run(self, *candidates: str) -> list[Event]:
        return [event async for event in self.turns.run(said(*candidates))]


@pytest.fixture
def room() -> Room:
    return Room()


async def test_a_command_streams_start_tool_text_finish_to_caller_and_bus(room: Room) -> None:
    with room.bus.subscribe(TurnStarted, TurnTool, TurnText, TurnFinished) as heard:
        events = await room.run("light on")
        assert [await heard.get() for _ in events] == events
    started, tool, text, finished = events
    assert isinstance(started, TurnStarted)
    assert (started.text, started.provider) == ("light on", "intents")
    assert isinstance(tool, TurnTool)
    assert tool.result.ok
    assert isinstance(text, TurnText)
    assert isinstance(finished, TurnFinished)
    assert (finished.text, finished.code) == ("ok", None)
    assert {"understand", "act", "answer", "total"} <= finished.timings_ms.keys()


async def test_the_first_candidate_that_is_a_command_counts(room: Room) -> None:
    events = await room.run("might on", "light on", "both off")
    assert isinstance(events[0], TurnStarted)
    assert events[0].text == "light on"


async def test_between_candidates_others_have_their_turn(room: Room) -> None:
    passes = 0

    async def radio() -> None:
        nonlocal passes
        while True:
            passes += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(radio())
    async with aclosing(room.turns.run(said(*(f"nothing {n}" for n in range(15))))) as events:
        await anext(events)
        assert passes >= 14
    beside.cancel()
    await asyncio.wait({beside})


async def test_what_is_not_understood_is_refused_and_names_what_would_help(room: Room) -> None:
    events = await room.run("tell me a joke")
    finished = events[-1]
    assert isinstance(finished, TurnFinished)
    assert finished.code == "not_understood"
    assert "language model" in finished.text
    assert not any(isinstance(event, TurnTool) for event in events)


async def test_a_device_that_fails_makes_the_turn_fail_with_its_code(room: Room) -> None:
    room.house.silent = {"hallway light"}
    finished = (await room.run("both off"))[-1]
    assert isinstance(finished, TurnFinished)
    assert (finished.text, finished.code, finished.retryable) == (
        "ok failed",
        "device_silent",
        True,
    )


async def test_nothing_to_try_is_a_sentence(room: Room) -> None:
    finished = (await room.run("toaster on"))[-1]
    assert isinstance(finished, TurnFinished)
    assert (finished.code, finished.text) == ("not_found", "There is no device called “toaster”.")


async def test_a_defect_is_told_without_its_details(room: Room) -> None:
    async def broken(
        device_id: str, capability: str, value: State, *, transition_s: float | None = None
    ) -> State:
        raise ZeroDivisionError("secret")

    room.house.set = broken  # type: ignore[method-assign]
    finished = (await room.run("light on"))[-1]
    assert isinstance(finished, TurnFinished)
    assert finished.code == "internal"
    assert "secret" not in finished.text
    assert "t1" in finished.text


async def test_an_answer_that_cannot_be_made_is_a_defect_and_no_cancelling(room: Room) -> None:
    finished = (await room.run("speechless"))[-1]
    assert isinstance(finished, TurnFinished)
    assert finished.code == "internal"
    assert "t1" in finished.text


async def test_a_caller_that_leaves_ends_the_turn_and_the_screens_hear_of_it(room: Room) -> None:
    with room.bus.subscribe(TurnFinished) as heard:
        async with aclosing(room.turns.run(said("light on"))) as events:
            await anext(events)
        finished = await heard.get()
    assert finished.code == "cancelled"
