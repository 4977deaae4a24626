"""Who answers a turn: a yes, the intents, or the models of a profile's chain; what is kept."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest
from msgspec import structs

from pichat.bus import Bus
from pichat.config.types import Profile
from pichat.errors import PiChatError
from pichat.events import (
    AnswerHeard,
    Event,
    Question,
    Source,
    TurnFinished,
    TurnStarted,
    TurnText,
    Utterance,
)
from pichat.intents.understand import Intents
from pichat.llm.base import TextDelta, Usage
from pichat.llm.errors import ModelFailedError
from pichat.store.audit import Audit
from pichat.tools import load_tools
from pichat.tools.base import Toolbox
from pichat.tools.questions import LIFE_S
from pichat.turn.memory import Memory
from pichat.turn.tongues import Tongues
from tests.support.fake_house import FakeHouse, device
from tests.support.scripted_model import FOR_EVER, STOP, Line, Scripted, calling, words
from tests.support.turn_parts import KeptConversations, KnownProfiles, new_turns
from tests.support.virtual import run_virtual

LIGHT_ON = '{"devices": ["kitchen light"], "capability": "on_off", "value": true}'
UNLOCK = '{"devices": ["front door"], "capability": "lock", "value": "unlocked"}'
DOWN = ModelFailedError("one does not answer.")


def house() -> FakeHouse:
    lock = device("front door", "Hallway", "lock", {"lock": True}, "lock")
    return FakeHouse(
        device("kitchen light", "Kitchen", "light", {"on_off": False}, "on_off"),
        structs.replace(lock, confirm=True),
    )


HOUSES = [house()]
INTENTS = Intents("en", lambda: HOUSES[-1].devices())  # loaded once: it takes a third of a second


class Room:
    """Real intents and tools, scripted models. Each turn has a number."""

    def __init__(self, *models: Scripted, **profiles: Profile) -> None:
        self.bus = Bus()
        self.house = house()
        HOUSES[:] = [self.house]
        INTENTS.refresh()
        self.kept = KeptConversations()
        self.profiles = KnownProfiles(**profiles)
        self.toolbox = Toolbox(self.house, Audit(), load_tools(), self.bus)
        self.turns = new_turns(
            INTENTS,
            self.house,
            self.toolbox,
            self.bus,
            *models,
            profiles=self.profiles,
            conversations=self.kept,
        )
        self._turn = 0

    def utterance(
        self, *candidates: str, conversation: str = "c", source: Source = "screen", **more: object
    ) -> Utterance:
        self._turn += 1
        return Utterance(
            candidates=candidates,
            source=source,
            turn_id=f"t{self._turn}",
            conversation_id=conversation,
            **more,  # type: ignore[arg-type]
        )

    async def events(self, *candidates: str, **more: object) -> list[Event]:
        said = self.utterance(*candidates, **more)  # type: ignore[arg-type]
        return [event async for event in self.turns.run(said)]

    async def say(self, *candidates: str, **more: object) -> TurnFinished:
        events = await self.events(*candidates, **more)
        finished = events[-1]
        assert isinstance(finished, TurnFinished)
        spoken = "".join(event.text for event in events if isinstance(event, TurnText))
        assert spoken == finished.text
        return finished

    def state(self, name: str, capability: str) -> object:
        return next(d.state[capability] for d in self.house.devices() if d.name == name)


# --- the chain -----------------------------------------------------------------------------


async def test_a_command_needs_no_model() -> None:
    model = Scripted("one", words("Hello."))
    finished = await Room(model).say("turn on the kitchen light")
    assert (finished.provider, finished.model, finished.tokens) == ("intents", None, None)
    assert model.requests == []


async def test_what_is_no_command_is_thought_about() -> None:
    counted: list[Line] = [TextDelta(text="A joke."), Usage(input_tokens=9, output_tokens=3), STOP]
    room = Room(Scripted("one", counted))
    events = await room.events("tell me a joke")
    started, finished = events[0], events[-1]
    assert isinstance(started, TurnStarted)
    assert isinstance(finished, TurnFinished)
    assert started.provider == "one"
    assert (finished.text, finished.provider, finished.model) == ("A joke.", "one", "one-model")
    assert finished.tokens is not None
    assert (finished.tokens.input, finished.tokens.output) == (9, 3)
    assert {"first_word", "think"} <= finished.timings_ms.keys()


async def test_a_chain_without_the_intents_lets_the_model_do_everything() -> None:
    model = Scripted("one", calling(("set_device_state", LIGHT_ON)), words("It is on now."))
    room = Room(model, thinker=Profile(chain=("one",)))
    finished = await room.say("turn on the kitchen light", profile="thinker")
    assert (finished.text, finished.provider) == ("It is on now.", "one")
    assert room.state("kitchen light", "on_off") is True


async def test_intents_behind_a_model_answer_when_it_cannot() -> None:
    room = Room(Scripted("one", [DOWN]), careful=Profile(chain=("one", "intents")))
    finished = await room.say("turn on the kitchen light", profile="careful")
    assert (finished.provider, finished.code) == ("intents", None)
    assert [(each.provider, each.code) for each in finished.tried] == [("one", "model_failed")]
    assert room.state("kitchen light", "on_off") is True


async def test_when_nobody_is_left_one_honest_sentence_is_said() -> None:
    room = Room(Scripted("one", [DOWN]), careful=Profile(chain=("one", "intents")))
    finished = await room.say("tell me a joke", profile="careful")
    assert finished.code == "unavailable"
    assert finished.text == "I can only do commands for the house: one does not answer."
    assert [each.provider for each in finished.tried] == ["one"]


async def test_the_next_model_answers_and_it_is_told_why() -> None:
    room = Room(Scripted("one", [DOWN]), Scripted("two", words("Well.")))
    finished = await room.say("tell me a joke")
    assert (finished.text, finished.provider) == ("Well.", "two")
    assert finished.tried[0].reason == "one does not answer."


async def test_what_was_misheard_is_nothing_to_think_about() -> None:
    model = Scripted("one", words("Hello."))
    finished = await Room(model).say("term on the chicken", source="voice", commands_only=True)
    assert (finished.code, finished.text) == ("not_understood", "Sorry, I did not catch that.")
    assert model.requests == []


async def test_the_active_profile_answers_where_none_was_called() -> None:
    model = Scripted("one", words("Hello."))
    room = Room(model, other=Profile(system="You are a pirate."))
    room.profiles.active = "other"
    await room.say("hello there my friend")
    assert "You are a pirate." in model.requests[0].system
    assert model.requests[0].profile == "other"


async def test_a_model_is_told_what_was_said_before() -> None:
    model = Scripted("one", words("Nice."))
    room = Room(model)
    await room.say("turn on the kitchen light")
    await room.say("that was kind of you")
    told = [(message.role, message.text) for message in model.requests[0].messages]
    assert told == [
        ("user", "turn on the kitchen light"),
        ("assistant", "Turned on the kitchen light."),
        ("user", "that was kind of you"),
    ]


# --- questions -----------------------------------------------------------------------------


async def test_a_lock_is_opened_only_after_a_yes() -> None:
    room = Room()
    asked = await room.say("unlock the front door")
    assert (asked.text, asked.code) == ("Shall I unlock the front door?", None)
    assert room.state("front door", "lock") is True
    done = await room.say("yes please")
    assert done.code is None
    assert "front door" in done.text
    assert room.state("front door", "lock") is False


@pytest.mark.parametrize("text", ["no", "no thanks"])
async def test_a_no_leaves_it_as_it_is(text: str) -> None:
    room = Room()
    await room.say("unlock the front door")
    assert (await room.say(text)).text == "All right, I leave it."
    assert room.state("front door", "lock") is True
    assert room.toolbox.open_questions() == ()


async def test_a_yes_counts_where_it_was_asked_and_nowhere_else() -> None:
    room = Room()
    await room.say("unlock the front door", conversation="kitchen")
    assert (await room.say("yes", conversation="hallway")).code == "not_understood"
    assert room.state("front door", "lock") is True
    await room.say("yes", conversation="kitchen")
    assert room.state("front door", "lock") is False


async def test_a_yes_to_nothing_is_for_the_model_that_asked_something_else() -> None:
    model = Scripted("one", words("Then I tell it."))
    finished = await Room(model).say("yes", source="voice", commands_only=True)
    assert finished.text == "Then I tell it."


async def test_what_a_model_wants_to_unlock_is_asked_as_well() -> None:
    model = Scripted("one", calling(("set_device_state", UNLOCK)), words("Done!"))
    room = Room(model)
    with room.bus.subscribe(Question) as questions:
        asked = await room.say("let my friend in")
        assert (await questions.get()).text == asked.text
    assert (asked.text, len(model.requests)) == ("Shall I unlock the front door?", 1)
    done = await room.say("yes")
    assert done.text == "The front door is unlocked."
    assert room.state("front door", "lock") is False


def test_a_yes_is_in_time_or_it_is_none() -> None:
    async def late() -> tuple[str | None, object]:
        room = Room()
        await room.say("unlock the front door")
        await asyncio.sleep(LIFE_S + 1)
        finished = await room.say("yes")
        return finished.code, room.state("front door", "lock")

    assert run_virtual(late()) == ("not_understood", True)


@pytest.mark.parametrize(("text", "is_one"), [("yes", True), ("no", True), ("hm", False)])
async def test_the_ear_knows_an_answer_when_one_is_waited_for(text: str, is_one: bool) -> None:
    room = Room()
    assert await room.turns.command_in(room.utterance(text)) is None
    await room.say("unlock the front door")
    assert (await room.turns.command_in(room.utterance("um", text)) == text) is is_one


# --- what is kept --------------------------------------------------------------------------


async def test_a_turn_is_kept_with_who_answered() -> None:
    model = Scripted("one", calling(("set_device_state", LIGHT_ON)), words("It is on."))
    room = Room(model)
    await room.say("it is dark in the kitchen")
    kept = room.kept.messages
    assert [each.message.role for each in kept] == ["user", "assistant", "tool", "assistant"]
    assert kept[1].message.calls[0].name == "set_device_state"
    assert (kept[3].message.text, kept[3].provider, kept[3].model) == (
        "It is on.",
        "one",
        "one-model",
    )
    assert {each.turn_id for each in kept} == {"t1"}


async def test_an_answer_that_was_broken_off_is_kept_as_far_as_it_came() -> None:
    room = Room(Scripted("one", [TextDelta(text="Once upon"), FOR_EVER]))
    async with aclosing(room.turns.run(room.utterance("tell me a story"))) as events:
        async for event in events:
            if isinstance(event, TurnText):
                break
    last = room.kept.messages[-1]
    assert (last.message.text, last.cut_off) == ("Once upon", True)


async def test_what_was_not_heard_is_corrected() -> None:
    room = Room()
    memory = Memory(room.kept, room.bus)
    serving = asyncio.create_task(memory.serve())
    await asyncio.sleep(0)
    room.bus.publish(AnswerHeard(turn_id="t1", text="Once", whole=False))
    async with asyncio.timeout(5):
        while not room.kept.heard:  # noqa: ASYNC110
            await asyncio.sleep(0)
    assert room.kept.heard == [("t1", "Once", True)]
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


async def test_a_disk_that_takes_nothing_ends_no_turn() -> None:
    room = Room()
    room.kept.broken = True
    assert (await room.say("turn on the kitchen light")).code is None


async def test_a_failure_is_kept_with_its_code() -> None:
    room = Room()
    room.house.silent = {"kitchen light"}
    await room.say("turn on the kitchen light")
    assert room.kept.messages[-1].code == "device_silent"


async def test_a_language_without_intents_is_a_sentence() -> None:
    devices = house().devices

    def make(language: str) -> Intents:
        return Intents(language, devices)

    tongues = Tongues("en", make("en"), make)
    with pytest.raises(PiChatError, match="xx"):
        await tongues.of("xx")
    german = await tongues.of("de")
    assert german.understand("schalte kitchen light ein") is not None
    assert await tongues.of("de") is german
