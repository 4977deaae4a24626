"""Models that fail in the middle of a turn: before words, after them, and between tools."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from pichat.config.types import Profile, Step
from pichat.errors import BusyError, UnavailableError
from pichat.events import Tokens
from pichat.llm.base import CallDelta, TextDelta, Usage
from pichat.llm.errors import ModelFailedError, ModelRefusedError, RateLimitedError
from tests.support.scripted_model import FOR_EVER, Line, Scripted, calling, words
from tests.turn.thinking_parts import Mind, ScriptedTools, did, outcome, roles

VIRTUAL_TIME = True

DOWN = ModelFailedError("It cannot be reached.")
FAILURES = [
    DOWN,
    ModelRefusedError("Its key is wrong."),
    RateLimitedError("It has had enough."),
    UnavailableError("There is too little memory."),
    BusyError("It has too much to do."),
    ZeroDivisionError("secret"),
]
BROKE_OFF = "… Sorry, the rest of the answer did not come."
LIGHT_ON = did(outcome("Kitchen light", "on_off", True))
CALL = calling(("light", "{}"))


def mind_of(*models: Scripted) -> Mind:
    return Mind(*models, tools=ScriptedTools({"light": LIGHT_ON}))


@pytest.fixture(params=FAILURES, ids=lambda error: type(error).__name__)
def failure(request: pytest.FixtureRequest) -> Exception:
    error: Exception = request.param
    return error


async def test_before_words_another_answers_and_it_is_told_who(failure: Exception) -> None:
    with capture_logs():
        thought = await mind_of(Scripted("one", [failure]), Scripted("two", words("Hi."))).think()
    assert (thought.text, thought.provider, thought.model) == ("Hi.", "two", "two-model")
    assert [each.provider for each in thought.tried] == ["one"]
    assert (thought.error, thought.cut_off) == (None, False)


async def test_after_words_the_answer_is_closed_honestly(failure: Exception) -> None:
    second = Scripted("two", words("Hi."))
    with capture_logs():
        thought = await mind_of(Scripted("one", [TextDelta(text="Once"), failure]), second).think()
    assert (thought.text, second.requests) == (f"Once{BROKE_OFF}", [])
    assert (thought.cut_off, getattr(thought.error, "code", "")) == (True, "cut_off")
    assert [message.text for message in thought.messages] == [thought.text]
    assert "secret" not in getattr(thought.error, "sentence", "")


async def test_after_acting_another_goes_on(failure: Exception) -> None:
    first, second = Scripted("one", CALL, [failure]), Scripted("two", words("The light is on."))
    mind = mind_of(first, second)
    with capture_logs():
        thought = await mind.think()
    assert (thought.text, thought.provider) == ("The light is on.", "two")
    assert mind.used == ["light"]  # once
    assert roles(second.requests[0].messages) == ["user", "assistant", "tool"]
    assert (thought.error, thought.cut_off) == (None, False)


async def test_after_acting_with_nobody_left_what_was_done_is_told(failure: Exception) -> None:
    with capture_logs():
        thought = await mind_of(Scripted("one", CALL, [failure])).think()
    assert thought.text == ("The kitchen light is on. Then no language model answered any more.")
    assert (thought.cut_off, getattr(thought.error, "code", "")) == (True, "unavailable")


async def test_after_acting_and_words_the_answer_is_closed(failure: Exception) -> None:
    with capture_logs():
        thought = await mind_of(
            Scripted("one", CALL, [TextDelta(text="The light"), failure])
        ).think()
    assert thought.text == f"The light{BROKE_OFF}"
    assert roles(thought.messages) == ["assistant", "tool", "assistant"]


async def test_a_call_that_broke_off_is_never_made(failure: Exception) -> None:
    half: list[Line] = [CallDelta(index=0, id="1", name="light", arguments="{}"), failure]
    mind = mind_of(Scripted("one", half), Scripted("two", words("Hi.")))
    with capture_logs():
        thought = await mind.think()
    assert (thought.text, mind.used, roles(thought.messages)) == ("Hi.", [], ["assistant"])


async def test_words_and_a_call_that_broke_off_are_closed_and_nothing_is_done() -> None:
    half: list[Line] = [TextDelta(text="I will"), CallDelta(index=0, id="1", name="light"), DOWN]
    mind = mind_of(Scripted("one", half))
    thought = await mind.think()
    assert (thought.text, mind.used) == (f"I will{BROKE_OFF}", [])
    assert not thought.messages[-1].calls


async def test_blanks_are_no_words() -> None:
    thought = await mind_of(Scripted("one", [TextDelta(text="\n\n"), DOWN])).think()
    assert thought.text == f"The answer broke off. {DOWN.sentence}"


async def test_nobody_at_all_is_one_sentence_at_once() -> None:
    thought = await mind_of().think()
    assert thought.text == ("I can only do commands for the house: no language model is installed.")
    assert (thought.provider, thought.model, thought.cut_off) == (None, None, False)
    assert getattr(thought.error, "code", "") == "unavailable"


async def test_the_cloud_is_asked_only_by_a_profile_that_may() -> None:
    far = Scripted("far", words("Hello."), cloud=True)
    mind = mind_of(far)
    assert "the cloud is not allowed" in (await mind.think()).text
    assert far.requests == []
    assert (await mind.think(profile=Profile(may_use_cloud=True))).text == "Hello."


async def test_who_failed_is_not_waited_for_again_in_the_same_turn() -> None:
    slow = Scripted("slow", [FOR_EVER])
    second = Scripted("two", CALL, CALL, words("Done."))
    profile = Profile(chain=("intents", Step(use="slow", first_token_s=3), "two"))
    thought = await mind_of(slow, second).think(profile=profile)
    assert (len(slow.requests), len(second.requests), thought.text) == (1, 3, "Done.")
    assert [(each.provider, each.after_ms) for each in thought.tried] == [("slow", 3000)]


async def test_tokens_of_who_failed_were_spent_too() -> None:
    spent: list[Line] = [Usage(input_tokens=7), DOWN]
    answer: list[Line] = [Usage(input_tokens=8, output_tokens=1), *words("Hi.")]
    thought = await mind_of(Scripted("one", spent), Scripted("two", answer)).think()
    assert thought.tokens == Tokens(input=15, output=1)
