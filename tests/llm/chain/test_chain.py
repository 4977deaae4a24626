"""Who answers, and what becomes of those who do not: every failure at every point."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from pichat.config.types import Step
from pichat.errors import BusyError, UnavailableError
from pichat.llm.base import CallDelta, Ended, TextDelta, Usage
from pichat.llm.chain import CutOffError
from pichat.llm.errors import ModelFailedError, ModelRefusedError, RateLimitedError
from tests.llm.chain.asking import ASKED, WITH_RESULT, Asking
from tests.support.scripted_model import FOR_EVER, STOP, Line, Scripted, calling, words

VIRTUAL_TIME = True

CALL = CallDelta(index=0, id="1", name="get_time")
FAILURES: list[tuple[Exception, str]] = [
    (ModelFailedError("It cannot be reached."), "model_failed"),
    (ModelRefusedError("Its key is wrong."), "model_refused"),
    (RateLimitedError("It has had enough.", 3.0), "rate_limited"),
    (UnavailableError("There is too little memory."), "unavailable"),
    (BusyError("It has too much to do."), "busy"),
    (ZeroDivisionError("a defect"), "model_failed"),
    (TimeoutError(), "model_failed"),
]


async def test_the_first_answers_and_nobody_else_is_asked() -> None:
    first, second = Scripted("first", words("Why ", "not?")), Scripted("second", words("No."))
    came = await Asking(first, second).ask("intents", "first", "second")
    assert (came.text, came.answering, came.tried) == ("Why not?", [("first", "first-model")], [])
    assert (came.error, second.requests) == (None, [])


async def test_without_steps_all_are_asked_in_their_order() -> None:
    first, second = Scripted("first", [ModelFailedError("No.")]), Scripted("second", words("Yes."))
    came = await Asking(first, second).ask()
    assert (came.text, came.tried) == ("Yes.", [("first", "model_failed")])


async def test_a_step_can_name_another_model() -> None:
    first = Scripted("first", words("Yes."))
    asking = Asking(first)
    assert (await asking.ask("first:big:latest")).answering == [("first", "big:latest")]
    assert [request.model for request in first.requests] == ["big:latest"]


async def test_who_answers_comes_with_the_steps_to_go_on_with() -> None:
    first, second = Scripted("first", [ModelFailedError("No.")]), Scripted("second", words("Yes."))
    third = Step(use="third", first_token_s=3)
    came = await Asking(first, second).ask("first", "second", third)
    _, marker, *_ = came.events
    assert getattr(marker, "steps", None) == (Step(use="second"), third)


@pytest.mark.parametrize(("error", "code"), FAILURES)
@pytest.mark.parametrize("before", [[], [Usage(input_tokens=9)], [TextDelta(text="")], [0.5]])
async def test_before_a_word_the_next_is_asked_at_once(
    error: Exception, code: str, before: list[Line]
) -> None:
    first = Scripted("first", [*before, error])
    came = await Asking(first, Scripted("second", words("Here."))).ask("first", "second")
    assert (came.text, came.error) == ("Here.", None)
    assert (came.tried, came.answering) == ([("first", code)], [("second", "second-model")])
    assert first.closed == 1
    assert came.took_s == sum(line for line in before if isinstance(line, float))


@pytest.mark.parametrize(("error", "code"), FAILURES)
async def test_a_call_that_broke_off_is_void_and_the_next_is_asked(
    error: Exception, code: str
) -> None:
    first = Scripted("first", [CALL, error])
    came = await Asking(first, Scripted("second", words("Here."))).ask("first", "second")
    kinds = [type(event).__name__ for event in came.events]
    assert kinds == ["Answering", "CallDelta", "Tried", "Answering", "TextDelta", "Ended"]
    assert (came.tried, came.error) == ([("first", code)], None)


@pytest.mark.parametrize(("error", "code"), FAILURES)
@pytest.mark.parametrize("since", [[], [CALL], [Usage(output_tokens=3)], [2.0]])
async def test_after_words_nothing_is_begun_again(
    error: Exception, code: str, since: list[Line]
) -> None:
    first = Scripted("first", [TextDelta(text="Once "), *since, error])
    second = Scripted("second", words("Here."))
    came = await Asking(first, second).ask("first", "second")
    assert (came.text, second.requests, came.tried) == ("Once ", [], [])
    assert isinstance(came.error, CutOffError)
    assert came.error.cause.code == code
    assert came.error.cause.sentence in came.error.sentence
    assert "defect" not in came.error.sentence


@pytest.mark.parametrize("error", [error for error, _ in FAILURES])
async def test_what_goes_wrong_after_the_end_is_nobodys_concern(error: Exception) -> None:
    first = Scripted("first", [*words("Once."), error])
    came = await Asking(first, Scripted("second", words("Here."))).ask("first", "second")
    assert (came.text, came.error, first.closed) == ("Once.", None, 1)


async def test_a_stream_that_just_ends_was_cut_off() -> None:
    second = Scripted("second", words("Here."))
    came = await Asking(Scripted("first", []), second).ask("first", "second")
    assert (came.text, came.tried) == ("Here.", [("first", "model_failed")])
    came = await Asking(Scripted("first", [TextDelta(text="On")])).ask("first")
    assert isinstance(came.error, CutOffError)


async def test_silence_is_no_answer_to_a_person_but_may_follow_a_tool() -> None:
    silent, second = Scripted("first", [STOP]), Scripted("second", words("Here."))
    asking = Asking(silent, second)
    assert (await asking.ask("first", "second")).tried == [("first", "model_failed")]
    came = await asking.ask("first", "second", request=WITH_RESULT)
    assert (came.answering, came.text, came.error) == ([("first", "first-model")], "", None)


async def test_a_refusal_without_words_goes_to_the_next() -> None:
    refusing = Scripted("first", [Ended(reason="refused")])
    came = await Asking(refusing, Scripted("second", words("Here."))).ask("first", "second")
    assert (came.text, came.tried) == ("Here.", [("first", "model_refused")])


# --- deadlines -------------------------------------------------------------------------------

QUICK = Step(use="first", first_token_s=2, total_s=5)


@pytest.mark.parametrize(
    "late", [[FOR_EVER], [1.0, Usage(input_tokens=1), 1.5, *words("Late.")]], ids=["never", "late"]
)
async def test_the_first_word_has_a_deadline(late: list[Line]) -> None:
    first = Scripted("first", late)
    came = await Asking(first, Scripted("second", words("Here."))).ask(QUICK, "second")
    assert (came.text, came.took_s, first.closed) == ("Here.", 2.0, 1)
    assert any("gave no word within 2 s" in getattr(e, "reason", "") for e in came.events)


async def test_a_call_is_in_time_for_the_first_word() -> None:
    first = Scripted("first", [1.5, *calling(("get_time", "{}"))[:-1], 1.5, STOP])
    came = await Asking(first).ask(QUICK)
    assert (came.error, came.took_s) == (None, 3.0)


async def test_the_whole_has_a_deadline() -> None:
    drip: list[Line] = [each for _ in range(9) for each in (1.0, TextDelta(text="drip "))]
    first = Scripted("first", drip)
    came = await Asking(first).ask(QUICK)
    assert (came.text, came.took_s, first.closed) == ("drip " * 4, 5.0, 1)
    assert isinstance(came.error, CutOffError)
    assert "did not finish within 5 s" in came.error.sentence


async def test_a_whole_that_is_shorter_counts_for_the_first_word_too() -> None:
    first = Scripted("first", [FOR_EVER])
    assert (await Asking(first).ask(Step(use="first", total_s=1.5))).took_s == 1.5


async def test_a_slow_listener_costs_the_provider_no_time() -> None:
    first = Scripted("first", [0.5, TextDelta(text="a"), 0.5, TextDelta(text="b"), STOP])
    stream = Asking(first).chain.stream([QUICK], ASKED, may_use_cloud=False)
    async with aclosing(stream) as events:
        heard = []
        async for event in events:
            await asyncio.sleep(60)  # it is being spoken
            heard.append(event)
    assert heard[-1] == STOP


# --- leaving ---------------------------------------------------------------------------------


async def test_closing_closes_the_provider() -> None:
    first = Scripted("first", [TextDelta(text="a"), FOR_EVER, STOP])
    async with aclosing(Asking(first).chain.stream([], ASKED, may_use_cloud=False)) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                break
    assert first.closed == 1


async def test_who_is_cancelled_while_it_waits_cancels_the_provider() -> None:
    first, second = Scripted("first", [FOR_EVER]), Scripted("second", words("Here."))
    asking = asyncio.create_task(Asking(first, second).ask("first", "second"))
    await asyncio.sleep(1)
    asking.cancel()
    await asyncio.wait([asking])
    assert asking.cancelled()
    assert (first.closed, second.requests) == (1, [])


# --- nobody ----------------------------------------------------------------------------------

ABSENT = "no language model is installed"
NOT_ALLOWED = "the cloud is not allowed"
DOWN: list[Line] = [ModelFailedError("It cannot be reached.")]


def cloud(name: str, answer: list[Line]) -> Scripted:
    return Scripted(name, answer, cloud=True)


@pytest.mark.parametrize(
    ("providers", "steps", "may_use_cloud", "why"),
    [
        ([], [], True, ABSENT),
        ([Scripted("first", DOWN)], ["intents"], True, ABSENT),
        ([], ["local"], True, ABSENT),
        ([cloud("far", DOWN)], ["local", "far"], False, f"{ABSENT} and {NOT_ALLOWED}"),
        ([cloud("far", DOWN)], [], False, NOT_ALLOWED),
        ([cloud("far", DOWN)], ["local", "far"], True, "far does not answer"),
        (
            [Scripted("local", [UnavailableError("Too little memory.")]), cloud("far", DOWN)],
            ["local", "far:a", "far:b"],
            True,
            "the language model cannot be used now and far does not answer",
        ),
        (
            [
                Scripted("one", [RateLimitedError("Enough.")]),
                Scripted("two", [ModelRefusedError("Wrong key.")]),
                cloud("far", DOWN),
            ],
            [],
            False,
            f"one wants a pause, two refuses and {NOT_ALLOWED}",
        ),
    ],
)
async def test_when_nobody_answers_one_sentence_says_why(
    providers: list[Scripted], steps: list[str], may_use_cloud: bool, why: str
) -> None:
    came = await Asking(*providers).ask(*steps, may_use_cloud=may_use_cloud)
    assert isinstance(came.error, UnavailableError)
    assert came.error.sentence == f"I can only do commands for the house: {why}."
    assert (came.text, came.took_s) == ("", 0)


async def test_the_cloud_is_asked_only_when_it_is_allowed() -> None:
    far, near = cloud("far", words("Hello.")), Scripted("near", words("Here."))
    asking = Asking(far, near)
    came = await asking.ask("far:big", "near")
    assert (came.text, came.tried, far.requests) == ("Here.", [("far:big", "not_allowed")], [])
    assert (await asking.ask("far:big", "near", may_use_cloud=True)).text == "Hello."
