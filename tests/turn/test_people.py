"""On what terms a person is answered: narrowed, never widened."""

from __future__ import annotations

import asyncio

import pytest
from msgspec import structs

from pichat.config.types import ModelParameters, Profile, Step
from pichat.errors import NotAllowedError, NotFoundError, UnavailableError
from pichat.events import Source, Terms, TurnFinished, TurnText, Utterance
from pichat.llm.base import Message
from pichat.store.messages import StoredMessage
from pichat.turn.fleeting import LIFE_S, MOST_CONVERSATIONS, MOST_MESSAGES, Fleeting
from pichat.turn.people import Standing, as_allowed, both, with_terms
from tests.support.scripted_model import Scripted, words
from tests.support.turn_parts import KeptConversations, new_turns
from tests.support.virtual import run_virtual
from tests.turn.test_ways import INTENTS, Room

TOOLS = ("get_time", "get_date", "set_device_state", "odd[name]")


def said(**more: object) -> Utterance:
    fields = {"candidates": ("hello",), "source": "screen", "turn_id": "t", "conversation_id": "c"}
    return Utterance(**{**fields, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other", "permitted"),
    [
        (None, None, None),
        (("get_*",), None, ("get_*",)),
        (None, ("get_time",), ("get_time",)),
        (("get_*", "odd*"), ("*_time", "odd[[]name]"), ("get_time", "odd[[]name]")),
        (("get_*",), ("set_*",), ()),
    ],
)
def test_what_both_permit(
    one: tuple[str, ...] | None, other: tuple[str, ...] | None, permitted: object
) -> None:
    assert both(one, other, TOOLS) == permitted
    assert both(other, one, TOOLS) == permitted


@pytest.mark.parametrize(
    ("source", "trusted", "counts_as"),
    [
        ("screen", True, "screen"),
        ("voice", False, "guest"),
        ("shell", False, "guest"),
        ("agent", False, "agent"),
        ("model", True, "model"),
    ],
)
def test_whose_wish_it_counts_as(source: Source, trusted: bool, counts_as: str) -> None:
    allowed = as_allowed(said(source=source), Standing(trusted=trusted), TOOLS)
    assert allowed.source == counts_as


def test_wishes_narrow_and_never_widen() -> None:
    child = Standing(
        terms=Terms(tools=("get_*",), may_use_cloud=False, model="local"),
        profile="kids",
        trusted=False,
    )
    wishes = Terms(tools=None, may_use_cloud=True, model="cloud:big", system="Obey me.")
    allowed = as_allowed(said(terms=wishes, profile="grown-up"), child, TOOLS)
    assert (allowed.terms.tools, allowed.terms.may_use_cloud) == (("get_*",), False)
    assert (allowed.terms.model, allowed.profile) == ("cloud:big", "kids")
    kids = Profile(may_use_cloud=True, system="Be kind.", tools=("*_time",), chain=("intents",))
    profile = with_terms(kids, allowed.terms, child, TOOLS)
    assert (profile.may_use_cloud, profile.tools) == (False, ("get_time",))
    assert profile.steps == (Step(use="intents"), Step(use="cloud:big"))
    assert profile.system == "Be kind.\n\nObey me."
    # Without wishes a person's own model is asked; nothing is kept of a visitor.
    plain = as_allowed(said(), structs.replace(child, kept=False), TOOLS)
    assert (plain.terms.model, plain.kept) == ("local", False)


def test_an_adult_has_what_the_profile_has() -> None:
    slow = Step(use="local", total_s=500)
    profile = Profile(chain=("intents", slow, "cloud"), parameters=ModelParameters(temperature=0.1))
    assert with_terms(profile, Terms(), Standing(), TOOLS) == profile
    wishes = Terms(model="local", temperature=0.0, top_p=0.5, max_tokens=9, system="Brief.")
    wished = with_terms(profile, wishes, Standing(language="de"), TOOLS)
    assert wished.steps == (Step(use="intents"), slow)
    assert wished.parameters == ModelParameters(temperature=0.0, top_p=0.5, max_tokens=9)
    assert (wished.system, wished.language) == ("Brief.", "de")
    called = as_allowed(said(profile="butler"), Standing(profile="mine"), TOOLS)
    assert called.profile == "butler"


class Household:
    """Implements People."""

    def standing(self, user_id: str) -> Standing:
        known = {
            "anna": Standing(terms=Terms(model="two")),
            "house": Standing(),
            "guest": Standing(trusted=False, kept=False),
        }
        if user_id not in known:
            raise NotAllowedError("That person has gone.")
        return known[user_id]


async def test_turns_of_several_people() -> None:
    one, two = Scripted("one", words("One.")), Scripted("two", words("Two."))
    room = Room()
    room.turns = new_turns(
        INTENTS, room.house, room.toolbox, room.bus, one, two,
        conversations=room.kept, people=Household(),
    )  # fmt: skip
    assert (await room.say("tell me a joke", user_id="anna")).provider == "two"
    assert (await room.say("tell me a joke", conversation="h")).provider == "one"
    # A conversation of somebody else's is none, and somebody who has gone says nothing.
    for refused, more in ((NotFoundError, {}), (NotAllowedError, {"user_id": "ben"})):
        with pytest.raises(refused):
            await room.events("tell me a joke", **more)
    assert {each.turn_id for each in room.kept.messages} == {"t1", "t2"}
    # A visitor is remembered while the connection lasts, and nowhere else.
    for text in ("my name is Otto", "who am I?"):
        await room.say(text, conversation="g1", user_id="guest")
    assert [each.text for each in one.requests[-1].messages] == [
        "my name is Otto", "One.", "who am I?"
    ]  # fmt: skip
    room.turns.forget("g1")
    await room.say("who am I?", conversation="g1", user_id="guest")
    assert [each.text for each in one.requests[-1].messages] == ["who am I?"]
    assert {each.turn_id for each in room.kept.messages} == {"t1", "t2"}


async def test_a_yes_of_a_visitor_is_none() -> None:
    room = Room()
    room.turns = new_turns(
        INTENTS, room.house, room.toolbox, room.bus, conversations=room.kept, people=Household()
    )
    asked = await room.say("unlock the front door", source="voice", user_id="guest")
    assert asked.text.endswith("? Somebody of the house has to say yes to that.")
    refused = await room.say("yes", source="voice", user_id="guest")
    assert refused.code == "not_allowed"
    assert room.state("front door", "lock") is True
    assert len(room.toolbox.open_questions()) == 1
    events = await room.events("yes", source="voice")
    finished = events[-1]
    assert isinstance(finished, TurnFinished)
    assert any(isinstance(event, TurnText) for event in events)
    assert room.state("front door", "lock") is False


class Slow(KeptConversations):
    """Whose disk does not tell, and says so or not."""

    error: Exception | None = None

    async def check(self, conversation_id: str, user_id: str) -> None:
        if self.error is not None:
            raise self.error
        await asyncio.Event().wait()


def test_a_light_does_not_wait_for_the_disk() -> None:
    async def turns() -> None:
        kept = Slow()
        room = Room()
        room.turns = new_turns(
            INTENTS, room.house, room.toolbox, room.bus, conversations=kept, people=Household()
        )
        began_s = asyncio.get_running_loop().time()
        for error in (None, UnavailableError("It is broken.")):
            kept.error = error
            done = await room.say("turn on the kitchen light")
            assert done.code is None
        await room.say("turn off the kitchen light", source="voice")
        assert asyncio.get_running_loop().time() - began_s < 0.5

    run_virtual(turns())


def stored(text: str, turn_id: str = "t") -> StoredMessage:
    return StoredMessage.new("c", turn_id, Message(role="user", text=text))


def test_what_may_not_stay_is_little_and_short_lived() -> None:
    now_s = 0.0
    fleeting = Fleeting(lambda: now_s)
    fleeting.add(("guest", "c"), *(stored(str(n)) for n in range(MOST_MESSAGES + 2)))
    known = fleeting.of(("guest", "c"), "")
    assert (len(known), known[0].text) == (MOST_MESSAGES, "2")
    assert fleeting.of(("guest", "c"), "t") == ()
    assert fleeting.of(("other", "c"), "") == ()
    for number in range(MOST_CONVERSATIONS):
        fleeting.add(("guest", f"d{number}"), stored("hi"))
    assert fleeting.of(("guest", "c"), "") == ()
    assert fleeting.of(("guest", "d0"), "")
    now_s = LIFE_S + 1
    assert fleeting.of(("guest", "d0"), "") == ()
