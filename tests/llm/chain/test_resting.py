"""Who fails again and again rests, comes back, and what the board says of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from pichat.config.types import Step
from pichat.errors import BusyError
from pichat.llm.base import TextDelta
from pichat.llm.errors import ModelFailedError, ModelRefusedError, RateLimitedError
from tests.llm.chain.asking import Asking
from tests.support.scripted_model import FOR_EVER, Line, Probed, Scripted, words

VIRTUAL_TIME = True

DOWN = ModelFailedError("It cannot be reached.")


@asynccontextmanager
async def served(asking: Asking) -> AsyncIterator[None]:
    serving = asyncio.create_task(asking.chain.serve())
    try:
        yield
    finally:
        serving.cancel()
        await asyncio.wait([serving])
        assert serving.cancelled()


async def test_from_the_second_failure_in_a_row_it_rests_longer_and_longer() -> None:
    first, second = Scripted("first", [DOWN]), Scripted("second", words("Here."))
    asking = Asking(first, second)
    codes = []
    for _ in range(12):
        codes += [code for _, code in (await asking.ask("first", "second")).tried]
        await asyncio.sleep(0.5)
    assert codes[:6] == ["model_failed"] * 2 + ["resting"] + ["model_failed"] + ["resting"] * 2
    assert len(first.requests) == 4  # at 0, 0.5, 1.5 and 3.5 s
    await asyncio.sleep(60)
    assert (await asking.ask("first", "second")).tried == [("first", "model_failed")]


async def test_an_answer_ends_the_counting() -> None:
    first = Scripted("first", [DOWN], words("Yes."), [DOWN], words("Yes."))
    asking = Asking(first, Scripted("second", words("Here.")))
    texts = [(await asking.ask("first", "second")).text for _ in range(4)]
    assert texts == ["Here.", "Yes.", "Here.", "Yes."]


@pytest.mark.parametrize("error", [ModelRefusedError("Wrong key."), BusyError("Too much to do.")])
async def test_what_will_not_pass_or_is_no_fault_needs_no_rest(error: Exception) -> None:
    first = Scripted("first", [error])
    asking = Asking(first)
    for _ in range(4):
        await asking.ask("first")
    assert len(first.requests) == 4
    assert asking.thinking.status == "ok"


async def test_a_failure_after_words_counts_too() -> None:
    first = Scripted("first", [TextDelta(text="a"), DOWN])
    asking = Asking(first)
    for _ in range(3):
        await asking.ask("first")
    assert len(first.requests) == 2


async def test_who_lets_people_wait_rests_at_once() -> None:
    first, second = Scripted("first", [FOR_EVER]), Scripted("second", words("Here."))
    asking, step = Asking(first, second), Step(use="first", first_token_s=3)
    assert (await asking.ask(step, "second")).took_s == 3
    came = await asking.ask(step, "second")
    assert (came.took_s, came.tried) == (0, [("first", "resting")])


@pytest.mark.parametrize(("retry_after_s", "rests_s"), [(90.0, 90.0), (0.2, 1.0), (None, 1.0)])
async def test_a_rate_limit_is_kept(retry_after_s: float | None, rests_s: float) -> None:
    limited = RateLimitedError("Enough.", retry_after_s)
    first = Probed("first", [limited], words("Yes."), probes=[None])
    asking = Asking(first)
    async with served(asking):
        await asking.ask()
        await asyncio.sleep(rests_s - 0.1)
        assert (await asking.ask()).tried == [("first", "resting")]
        await asyncio.sleep(0.2)
        assert (await asking.ask()).text == "Yes."
    assert first.probed_at_s == [rests_s]


async def test_models_of_one_provider_rest_apart() -> None:
    first = Scripted("first", [FOR_EVER], words("Yes."))
    asking, slow = Asking(first), Step(use="first:a", first_token_s=3)
    await asking.ask(slow)
    came = await asking.ask(slow, "first:b")
    assert (came.text, came.tried) == ("Yes.", [("first:a", "resting")])


async def test_it_is_probed_in_the_background_until_it_is_back() -> None:
    probes: list[Line | None] = [DOWN, FOR_EVER, ZeroDivisionError(), BusyError("Full."), None]
    first = Probed("first", [DOWN], [DOWN], words("Yes."), probes=probes)
    asking = Asking(first)
    async with served(asking):
        await asking.ask()
        await asking.ask()
        assert (asking.thinking.status, asking.thinking.reason) == ("degraded", DOWN.sentence)
        await asyncio.sleep(35)
        # The second one was given up after 5 s: 1, then 2 later, 5 + 4, 8 and 16 later.
        assert first.probed_at_s == [1, 3, 12, 20]
        assert (await asking.ask()).tried == [("first", "resting")]
        assert (asking.thinking.status, asking.thinking.reason) == ("degraded", "Full.")
        await asyncio.sleep(2)
        assert first.probed_at_s[4:] == [36]
        assert asking.thinking.status == "ok"
        assert (await asking.ask()).text == "Yes."
        await asyncio.sleep(1000)
    assert len(first.probed_at_s) == 5


async def test_nobody_waits_for_one_that_is_just_being_probed() -> None:
    first = Probed("first", [DOWN], probes=[4.0])
    asking = Asking(first)
    async with served(asking):
        await asking.ask()
        await asking.ask()
        await asyncio.sleep(2)
        came = await asking.ask()
    assert (came.took_s, came.tried) == (0, [("first", "resting")])


async def test_who_refuses_the_probe_is_there() -> None:
    first = Probed("first", [DOWN], [DOWN], words("Yes."), probes=[ModelRefusedError("No list.")])
    asking = Asking(first)
    async with served(asking):
        await asking.ask()
        await asking.ask()
        await asyncio.sleep(1.5)
        assert asking.thinking.status == "ok"
        assert (await asking.ask()).text == "Yes."


async def test_a_probe_that_succeeds_does_not_forgive() -> None:
    first = Probed("first", [DOWN], probes=[None] * 9)
    asking = Asking(first)
    async with served(asking):
        for _ in range(4):
            await asking.ask()
            await asyncio.sleep(10)
    assert first.probed_at_s == [11, 22, 34]  # 1, 2 and 4 s after the failures at 10, 20 and 30


async def test_serving_is_not_needed_for_coming_back() -> None:
    first = Probed("first", [DOWN], [DOWN], words("Yes."), probes=[])
    asking = Asking(first)
    await asking.ask()
    await asking.ask()
    await asyncio.sleep(1)
    assert (await asking.ask()).text == "Yes."


async def test_the_board_is_degraded_only_while_all_who_were_asked_rest() -> None:
    first = Scripted("first", [DOWN])
    second = Scripted("second", [DOWN], [ModelFailedError("It broke.")], words("Here."))
    asking = Asking(first, second)
    await asking.ask()
    assert asking.thinking.status == "ok"
    await asking.ask()
    reason = f"{DOWN.sentence} It broke."
    assert (asking.thinking.status, asking.thinking.reason) == ("degraded", reason)
    await asyncio.sleep(1)
    assert (await asking.ask()).text == "Here."
    assert (asking.thinking.status, asking.thinking.reason) == ("ok", None)


async def test_without_providers_the_part_is_off() -> None:
    asking = Asking()
    async with served(asking):
        await asyncio.sleep(1)
    assert asking.thinking.status == "off"
    assert asking.health.overall() == "ok"
