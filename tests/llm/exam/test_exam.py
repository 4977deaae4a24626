"""The exam of language models: what is right, what is wrong, and the figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

import pichat.simulator
from pichat.config.types import Profile
from pichat.errors import PiChatError
from pichat.events import Colour, State
from pichat.llm.base import Ended, Provider, Usage
from pichat.llm.errors import ModelFailedError
from pichat.llm.exam.figures import Result, figures
from pichat.llm.exam.house import ExamHouse
from pichat.llm.exam.marking import Done, wrong
from pichat.llm.exam.measured import Answered
from pichat.llm.exam.paper import Task, tasks
from pichat.turn.sitting import Examiner
from tests.llm.exam.models import Glancing, Knowing, Otherwise, Stubborn
from tests.support.scripted_model import Scripted, calling, words

BY_SAYING = {task.say: task for task in tasks()}


async def sit(provider: Provider, chosen: tuple[Task, ...] = tasks()) -> list[Result]:
    examiner = Examiner({provider.name: provider}, Profile())
    return [await examiner.sit(task) for task in chosen]


def mistakes(results: list[Result]) -> dict[str, str]:
    return {result.say: result.wrong for result in results if result.wrong is not None}


# --- the paper ---------------------------------------------------------------------------------


def test_there_are_a_hundred_and_no_two_alike() -> None:
    assert len(tasks()) == len(BY_SAYING) == 100


def test_a_few_are_of_all_kinds() -> None:
    few = tasks(20)
    assert len(few) == 20
    assert len({task.group for task in few}) >= 10
    assert tasks(1000) == tasks()


def test_the_house_is_the_default_one() -> None:
    house = Path(pichat.simulator.__file__).with_name("house.yaml")
    simulated = yaml.safe_load(house.read_text(encoding="utf-8"))["devices"]
    devices = ExamHouse().devices()
    assert [(each.name, each.area) for each in devices] == [
        (each["name"], each["area"]) for each in simulated
    ]
    assert [each.kind for each in devices if each.confirm] == ["lock"]


@pytest.mark.parametrize("task", tasks(), ids=lambda task: task.say)
def test_doing_nothing_is_no_way_to_set_anything(task: Task) -> None:
    states = task.house().states
    outcome = task.outcomes[0]
    done = Done(before=states, after=states, seen=outcome.reads)
    assert (wrong(task, done) is None) == (not outcome.sets and not outcome.asks)


# --- who sits it -------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [Knowing, Otherwise])
async def test_who_knows_everything_is_right(model: type[Knowing]) -> None:
    results = await sit(model())
    assert mistakes(results) == {}
    assert {result.provider for result in results} == {model.name}
    assert all(len(result.answers) in (1, 2, 3) for result in results)


async def test_it_does_not_matter_how_things_are_looked_up() -> None:
    assert mistakes(await sit(Glancing())) == {}


async def test_who_does_the_wrong_thing_is_wrong() -> None:
    results = await sit(Stubborn())
    right = {result.say for result in results if result.wrong is None}
    assert right == {"Office plug on."}
    assert mistakes(results)["Tell me a joke."] == "called a tool where there was nothing to do"
    needless = "commanded office plug.on_off where nothing was to be changed"
    assert mistakes(results)["Set it to twenty."] == needless


async def test_who_only_talks_is_right_where_nothing_is_to_be_done() -> None:
    results = await sit(Scripted("talker", words("Sure, ", "done!")))
    assert {result.group for result in results if result.wrong is None} == {
        "time", "nothing to do", "unclear",
    }  # fmt: skip
    assert results[0].answer == "Sure, done!"
    assert results[0].wrong == "kitchen light.on_off is false and not true"


async def test_who_is_mute_or_fails_has_no_answer() -> None:
    one = tasks(1)
    (mute,) = await sit(Scripted("mute", [Ended(reason="stop")]), one)
    assert mute.wrong is not None
    assert mute.answers
    (down,) = await sit(Scripted("down", [ModelFailedError("down does not answer.")]), one)
    assert down.error == "down does not answer."
    assert down.provider is None
    assert down.answers == ()


async def test_who_breaks_off_after_the_deed_has_done_it() -> None:
    arguments = '{"devices": ["kitchen light"], "capability": "on_off", "value": true}'
    model = Scripted(
        "half", calling(("set_device_state", arguments)), [ModelFailedError("half broke off.")]
    )
    (result,) = await sit(model, (BY_SAYING["Turn on the kitchen light."],))
    assert result.wrong is None
    assert result.error == "half broke off."


async def test_a_call_in_vain_counts_as_one() -> None:
    model = Scripted("vain", calling(("set_device_state", "{}")), words("Oh."))
    (result,) = await sit(model, (BY_SAYING["Tell me a joke."],))
    assert result.wrong == "called a tool where there was nothing to do"
    assert result.called == ("set_device_state {}",)


@pytest.mark.parametrize(
    ("say", "arguments"),
    [
        ("Turn off all the lights.", {"kinds": ["light"], "value": False}),
        ("Turn off all the lights.", {"devices": ["all lights"], "value": "off"}),
        (
            "All the lights in the living room off.",
            {"area": "living room", "kinds": ["light"], "value": False},
        ),
        ("Unlock the front door.", {"area": "Hallway", "capability": "lock", "value": False}),
        (
            "Make the living room lamp blue.",
            {"devices": ["living room lamp"], "capability": "colour", "value": "#1010ff"},
        ),
    ],
)
async def test_it_does_not_matter_how_devices_are_called(
    say: str, arguments: dict[str, Any]
) -> None:
    text = json.dumps({"capability": "on_off", **arguments})
    model = Scripted("other", calling(("set_device_state", text)), words("Done."))
    assert mistakes(await sit(model, (BY_SAYING[say],))) == {}


# --- what is right -----------------------------------------------------------------------------


def done(task: Task, *changes: tuple[str, str, State]) -> Done:
    house = task.house()
    before = dict(house.states)
    after = before | {(device, capability): state for device, capability, state in changes}
    return Done(before=before, after=after, calls=len(changes))


BLUE = Colour(hue_deg=245, saturation_percent=90)


@pytest.mark.parametrize(
    ("say", "changes", "why"),
    [
        ("Set the kitchen light to 30 percent.", [("kitchen light", "brightness", 30),
         ("kitchen light", "on_off", True)], None),
        ("Set the kitchen light to 30 percent.", [("kitchen light", "brightness", 33)],
         "kitchen light.brightness is 33 and not 30"),
        ("Set the kitchen light to 30 percent.", [("kitchen light", "brightness", 30),
         ("hallway light", "on_off", True)], "changed hallway light.on_off to true as well"),
        ("Make the living room lamp blue.", [("living room lamp", "colour", BLUE)], None),
        ("Turn everything off.", [], "kitchen light.on_off is true and not false"),
        ("Unlock the front door.", [("front door lock", "lock", False)],
         "did not ask before front door lock.lock becomes false"),
        ("Is the kitchen light on?", [], "did not look up kitchen light.on_off"),
    ],
)  # fmt: skip
def test_marking(say: str, changes: list[tuple[str, str, State]], why: str | None) -> None:
    assert wrong(BY_SAYING[say], done(BY_SAYING[say], *changes)) == why


async def test_the_house_refuses_what_a_house_would() -> None:
    house = ExamHouse()
    ids = {device.name: device.id for device in house.devices()}
    for name, capability, value in (
        ("kitchen light", "brightness", 120),
        ("kitchen light", "on_off", 1),
        ("bathroom sensor", "temperature", 20),
        ("hallway light", "brightness", 20),
    ):
        with pytest.raises(PiChatError):
            await house.set(ids[name], capability, value)
    await house.set(ids["bedroom light"], "brightness", 0)
    assert house.states["bedroom light", "on_off"] is False
    assert house.states == ExamHouse().states


# --- the figures -------------------------------------------------------------------------------


def result(*answers: Answered, why: str | None = None) -> Result:
    return Result(
        say="",
        group="blinds" if why else "locks",
        wrong=why,
        called=(),
        answer="",
        provider="one",
        model="m",
        error=None,
        took_s=2.0,
        answers=answers,
    )


def answered(first_s: float | None, writing_s: float, *tokens: int) -> Answered:
    read, cached, written = tokens
    usage = Usage(input_tokens=read, cached_tokens=cached, output_tokens=written)
    return Answered(first_s=first_s, writing_s=writing_s, usage=usage)


def test_figures() -> None:
    found = figures(
        [
            result(answered(1.0, 2.0, 1000, 0, 21), answered(0.5, 1.0, 1100, 1050, 11)),
            result(answered(None, 0.0, 0, 0, 0), why="nonsense"),
        ],
        memory_mb=700.0,
    )
    assert (found.requests, found.right, found.right_percent) == (2, 1, 50.0)
    assert found.right_by_group == {"locks": (1, 1), "blinds": (0, 1)}
    assert (found.first_token_p50_s, found.first_token_p95_s) == (0.5, 1.0)
    assert found.reading_tokens_per_s == 1000.0  # of the first: the second had to read little
    assert found.writing_tokens_per_s == 10.0  # 30 in 3 s
    assert found.memory_mb == 700.0


def test_what_nobody_counts_is_not_told() -> None:
    found = figures([result(answered(0.5, 1.0, 0, 0, 0))], memory_mb=None)
    assert found.reading_tokens_per_s is found.writing_tokens_per_s is found.memory_mb is None


async def test_the_stop_watch_and_the_tokens() -> None:
    (first, *_) = await sit(Knowing(), tasks(1))
    assert [answer.usage.cached_tokens for answer in first.answers] == [800, 800]
    assert all(answer.first_s is not None and answer.first_s < 5 for answer in first.answers)
