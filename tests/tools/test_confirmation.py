"""A person's yes before what the owner marked is opened or changed, on every path."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from pichat.bus import Bus, Subscription
from pichat.errors import BusyError, NotAllowedError, NotFoundError, OutsideError
from pichat.events import Answered, Device, Question, Source, State, ToolCall, ToolResult
from pichat.store.audit import Audit, open_audit
from pichat.store.db import open_database
from pichat.tools import load_tools
from pichat.tools.base import Toolbox
from pichat.tools.caution import needs_yes
from pichat.tools.question_text import question_text
from pichat.tools.questions import LIFE_S, MOST_OPEN
from tests.intents.house import HOUSE
from tests.support.fake_house import FakeHouse
from tests.support.virtual import run_virtual

MARKED = ("Front door lock", "Living room blinds", "Bedroom thermostat", "Office plug")


def named(name: str) -> Device:
    [device] = [device for device in HOUSE if device.name == name]
    return structs.replace(device, confirm=name in MARKED)


class Box:
    """A toolbox over the default house with some devices marked."""

    def __init__(self, audit: Audit | None = None) -> None:
        self.bus = Bus()
        self.house = FakeHouse(*(named(device.name) for device in HOUSE))
        self.box = Toolbox(self.house, audit or Audit(), load_tools(), self.bus)

    async def set(
        self,
        target: dict[str, Any],
        capability: str,
        value: State,
        *,
        source: Source = "voice",
        conversation_id: str = "c",
        outside: bool = False,
    ) -> ToolResult:
        call = ToolCall(
            name="set_device_state",
            arguments={"target": target, "capability": capability, "value": value},
        )
        return await self.box.call(
            call, source=source, turn_id="asks", conversation_id=conversation_id, outside=outside
        )

    async def unlock(self, **how: Any) -> Question:
        result = await self.set({"devices": ["Front door lock"]}, "lock", False, **how)
        assert result.question is not None
        return result.question

    async def answer(self, question: Question, *, yes: bool = True, **how: Any) -> ToolResult:
        how = {"source": "screen", "turn_id": "answers"} | how
        return await self.box.confirm(question.id, yes=yes, **how)

    def state(self, name: str, capability: str) -> State:
        [device] = [device for device in self.house.devices() if device.name == name]
        return device.state[capability]


def heard(events: Subscription[Any]) -> list[Any]:
    found = [*events._events]
    events._events.clear()
    return found


@pytest.mark.parametrize(
    ("name", "capability", "value", "asks"),
    [
        ("Front door lock", "lock", False, True),
        ("Front door lock", "lock", 0, True),
        ("Front door lock", "lock", True, False),
        ("Living room blinds", "cover_position", 100, False),  # as open as they are
        ("Living room blinds", "cover_position", 0, False),
        ("Living room blinds", "cover_position", float("nan"), True),
        ("Living room blinds", "cover_position", "open", True),
        ("Bedroom thermostat", "target_temperature", 18, True),
        ("Office plug", "on_off", False, True),
        ("Kitchen light", "on_off", True, False),
        ("Bedroom light", "brightness", 5, False),
    ],
)
def test_opening_and_changing_asks_but_locking_and_closing_does_not(
    name: str, capability: str, value: State, asks: bool
) -> None:
    assert needs_yes(named(name), capability, value) is asks
    assert not needs_yes(structs.replace(named(name), confirm=False), capability, value)


def test_a_cover_asks_only_when_it_goes_up() -> None:
    half = structs.replace(named("Living room blinds"), state={"cover_position": 50})
    assert needs_yes(half, "cover_position", 51)
    assert not needs_yes(half, "cover_position", 49.5)
    assert needs_yes(structs.replace(half, state={}), "cover_position", 1)
    assert not needs_yes(structs.replace(half, state={}), "cover_position", 0)


async def test_nothing_is_done_until_a_yes_and_then_it_is_confirmed() -> None:
    box = Box()
    with box.bus.subscribe(Question, Answered) as events:
        question = await box.unlock()
        assert box.state("Front door lock", "lock") is True
        assert question.text == "Shall I unlock the front door?"
        assert box.box.questions.open_for("c") == question
        result = await box.answer(question)
        assert [(o.device_name, o.state) for o in result.outcomes] == [("Front door lock", False)]
        assert heard(events) == [question, Answered(id=question.id, answer="yes")]
    assert box.state("Front door lock", "lock") is False
    assert box.box.open_questions() == ()
    with pytest.raises(NotFoundError):
        await box.answer(question)


async def test_a_no_ends_it() -> None:
    box = Box()
    question = await box.unlock()
    assert await box.answer(question, yes=False) == ToolResult()
    assert box.state("Front door lock", "lock") is True
    with pytest.raises(NotFoundError):
        await box.answer(question)


async def test_the_whole_call_waits_for_one_marked_device() -> None:
    box = Box()
    result = await box.set({"kinds": ["light", "plug"]}, "on_off", False)
    assert result.question is not None
    assert result.question.text == "Shall I turn off the office plug?"
    assert box.state("Bedroom light", "on_off") is True
    done = await box.answer(result.question)
    assert len(done.outcomes) == 5
    assert box.state("Bedroom light", "on_off") is False


@pytest.mark.parametrize(
    "how",
    [
        {"turn_id": "asks", "source": "voice"},
        {"source": "model"},
        {"source": "agent"},
    ],
)
async def test_neither_the_same_utterance_nor_a_program_can_say_yes(how: dict[str, Any]) -> None:
    box = Box()
    question = await box.unlock()
    with pytest.raises(NotAllowedError):
        await box.answer(question, **how)
    assert box.state("Front door lock", "lock") is True
    assert box.box.open_questions() == (question,)


def test_no_tool_answers_a_question() -> None:
    assert not [name for name in load_tools() if "confirm" in name or "answer" in name]


async def test_text_from_outside_cannot_even_ask() -> None:
    box = Box()
    with box.bus.subscribe(Question) as events:
        with pytest.raises(OutsideError) as refused:
            await box.set(
                {"devices": ["Front door lock"]}, "lock", False, source="model", outside=True
            )
        assert refused.value.code == "outside"
        assert heard(events) == []
    lights = await box.set({"devices": ["Kitchen light"]}, "on_off", True, outside=True)
    assert lights.ok
    locked = await box.set({"devices": ["Front door lock"]}, "lock", True, outside=True)
    assert locked.ok
    assert box.state("Front door lock", "lock") is True


def test_it_expires() -> None:
    async def work() -> None:
        box = Box()
        with box.bus.subscribe(Answered) as events:
            question = await box.unlock()
            await asyncio.sleep(LIFE_S - 0.1)
            assert box.box.open_questions() == (question,)
            await asyncio.sleep(0.2)
            assert heard(events) == [Answered(id=question.id, answer="expired")]
        assert box.box.questions.open_for("c") is None
        with pytest.raises(NotFoundError):
            await box.answer(question)
        assert box.state("Front door lock", "lock") is True

    run_virtual(work())


async def test_a_spoken_yes_means_the_newest_question_of_its_conversation() -> None:
    box = Box()
    door = await box.unlock()
    other = await box.unlock(conversation_id="elsewhere")
    screen = await box.unlock(conversation_id="")
    plug = (await box.set({"devices": ["Office plug"]}, "on_off", False)).question
    open_for = box.box.questions.open_for
    assert (open_for("c"), open_for("elsewhere")) == (plug, other)
    assert open_for("") is None
    assert plug is not None
    await box.answer(plug)
    assert open_for("c") == door
    assert box.box.open_questions() == (door, other, screen)


async def test_the_same_question_is_open_only_once() -> None:
    box = Box()
    with box.bus.subscribe(Answered) as events:
        first = await box.unlock()
        second = await box.unlock()
        assert heard(events) == [Answered(id=first.id, answer="expired")]
    assert box.box.open_questions() == (second,)


async def test_questions_are_bounded() -> None:
    box = Box()
    for number in range(MOST_OPEN):
        await box.unlock(conversation_id=f"c{number}")
    with pytest.raises(BusyError):
        await box.unlock(conversation_id="one more")
    assert len(box.box.open_questions()) == MOST_OPEN


async def test_a_yes_is_only_for_what_was_asked() -> None:
    box = Box()
    result = await box.set({"kinds": ["plug", "light"]}, "on_off", False)
    assert result.question is not None
    kitchen = named("Kitchen light")
    box.house._devices[kitchen.id] = structs.replace(kitchen, confirm=True)
    with pytest.raises(NotAllowedError):
        await box.answer(result.question)
    assert box.state("Office plug", "on_off") is True


async def test_the_record_says_who_asked_and_who_said_yes(tmp_path: Path) -> None:
    async with (
        open_database(tmp_path / "pichat.db") as database,
        open_audit(database) as audit,
    ):
        box = Box(audit)
        await box.answer(await box.unlock(source="model"), source="voice")
        await box.answer(await box.unlock(source="agent"), yes=False)
        with pytest.raises(OutsideError):
            await box.set({"devices": ["Front door lock"]}, "lock", False, outside=True)
        box.house.silent = {"Front door lock"}
        await box.answer(await box.unlock())
        await asyncio.wait_for(audit.flushed(), 5)
        rows = await database.read("SELECT source, turn_id, outcome, confirmed_by FROM audit")
    assert rows == [
        ("model", "asks", "asked", None),
        ("model", "asks", "ok", "voice"),
        ("agent", "asks", "asked", None),
        ("agent", "asks", "declined", "screen"),
        ("voice", "asks", "outside", None),
        ("voice", "asks", "asked", None),
        ("voice", "asks", "device_silent", "screen"),
    ]


async def test_what_a_profile_does_not_have_is_not_run() -> None:
    box = Box()
    call = ToolCall(name="get_time", arguments={})
    for allowed, may in ((None, True), (("get_*",), True), (("set_*", "get_date"), False)):
        calling = box.box.call(call, source="model", turn_id="t", allowed=allowed)
        if may:
            assert (await calling).value
        else:
            with pytest.raises(NotAllowedError):
                await calling


@pytest.mark.parametrize(
    ("names", "capability", "value", "language", "text"),
    [
        (["Front door lock"], "lock", False, "en", "Shall I unlock the front door?"),
        (["Living room blinds"], "cover_position", 100, "en",
         "Shall I open the living room blinds?"),
        (["Living room blinds"], "cover_position", 40, "en",
         "Shall I open the living room blinds to 40 percent?"),
        (["Bedroom thermostat"], "target_temperature", 21.5, "en",
         "Shall I set the bedroom thermostat to 21.5 degrees?"),
        (["Office plug", "Hallway light"], "on_off", True, "en",
         "Shall I turn on the office plug and the hallway light?"),
        (["Kitchen light", "Bedroom light", "Hallway light", "Living room lamp"], "on_off", False,
         "en", "Shall I turn off 4 lights?"),
        (["Kitchen light"], "colour_temperature", 2700, "en",
         "Shall I change the colour temperature of the kitchen light?"),
        (["Front door lock"], "lock", False, "de-CH", "Soll ich aufschließen: Front door lock?"),
        (["Front door lock"], "lock", False, "fi", "Shall I unlock the front door?"),
    ],
)  # fmt: skip
def test_how_it_is_asked(
    names: list[str], capability: str, value: State, language: str, text: str
) -> None:
    devices = [named(name) for name in names]
    assert question_text(devices, capability, value, language) == text


# --- visitors and children -----------------------------------------------------------------


@pytest.mark.parametrize("how", [{"source": "guest"}, {"source": "model", "behind": "guest"}])
async def test_what_a_visitor_wants_of_a_lock_is_asked_for_though_nobody_marked_it(
    how: dict[str, Any],
) -> None:
    box = Box()
    lock = named("Front door lock")
    box.house._devices[lock.id] = structs.replace(lock, confirm=False)
    call = ToolCall(
        name="set_device_state",
        arguments={
            "target": {"devices": ["Front door lock"]}, "capability": "lock", "value": False
        },
    )  # fmt: skip
    result = await box.box.call(call, turn_id="asks", conversation_id="c", **how)
    assert result.question is not None
    for refused in ({"source": "guest"}, {"source": "agent"}, {"allowed": ("get_*",)}):
        with pytest.raises(NotAllowedError):
            await box.answer(result.question, **refused)
    assert box.state("Front door lock", "lock") is True
    await box.answer(result.question, allowed=("set_*",))
    assert box.state("Front door lock", "lock") is False
    # Whoever lives here is not asked, and a light is a visitor's, too.
    lock_it = structs.replace(call, arguments={**call.arguments, "value": True})
    assert (await box.box.call(lock_it, turn_id="t", **how)).ok
    assert (await box.box.call(call, source="screen", turn_id="t")).question is None
    light = await box.set({"devices": ["Kitchen light"]}, "on_off", True, source="guest")
    assert light.ok
    assert light.question is None
