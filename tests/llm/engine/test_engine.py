"""Answers of the real llama.cpp: streamed, repeatable, cancelled, and read once only."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from pichat.llm.base import LlmEvent, Request, TextDelta
from pichat.llm.engine.states import States
from scripts.tiny_gguf import TINY
from tests.llm.conftest import Write
from tests.llm.engine.parts import answer, engine_of, model_of
from tests.llm.local.parts import LIGHT, asked, reason, said, usage, with_parameters

PIECES = ("It", " is", " nine", " o'clock", ".")
LONG = with_parameters(asked("Hello. " * 60, tools=(LIGHT,)), seed=1, temperature=2, max_tokens=40)


class After:
    """Implements Cancelled: from the question number `count` on."""

    def __init__(self, count: int) -> None:
        self.left = count

    def __call__(self) -> bool:
        self.left -= 1
        return self.left < 0


def test_an_answer_comes_token_by_token(tiny: Write) -> None:
    events = answer(engine_of(tiny(says=PIECES)), asked("What time is it?"))
    assert [event.text for event in events if isinstance(event, TextDelta)] == list(PIECES)
    assert usage(events).output_tokens == len(PIECES) + 1
    assert reason(events) == "stop"


def test_characters_come_whole(tiny: Write) -> None:
    says = ("<0xC3>", "<0xBC>", "<0xE2>", "<0x82>", "<0xAC>", "!")
    events = answer(engine_of(tiny(says=says)), asked("Hello."))
    assert [event.text for event in events if isinstance(event, TextDelta)] == ["ü", "€", "!"]


def test_parameters_are_kept(tiny: Write) -> None:
    engine = engine_of(tiny(says=PIECES))
    request = asked("What time is it?")
    events = answer(engine, with_parameters(request, max_tokens=2))
    assert (said(events), reason(events)) == ("It is", "length")
    events = answer(engine, with_parameters(request, stop=("e o",)))
    assert (said(events), reason(events)) == ("It is nin", "stop")


def test_a_seed_repeats_and_its_absence_does_not(tiny: Write) -> None:
    engine = engine_of(tiny())
    wild = {"temperature": 2.0, "top_p": 1.0, "max_tokens": 30}
    once, again, other = (
        said(answer(engine, with_parameters(asked("Hello."), seed=seed, **wild)))
        for seed in (5, 5, 6)
    )
    assert once == again != other
    free = {said(answer(engine, with_parameters(asked("Hello."), **wild))) for _ in range(3)}
    assert len(free) == 3
    greedy = {
        said(answer(engine, with_parameters(asked("Hello."), temperature=0, max_tokens=9)))
        for _ in range(2)
    }
    assert len(greedy) == 1


def test_cancelled_while_it_reads_the_prompt(tiny: Write) -> None:
    engine, fresh = (engine_of(tiny(shape=TINY)) for _ in range(2))
    cancelled = After(60)
    assert list(engine.answer(LONG, cancelled)) == []
    assert cancelled.left >= -3  # it was not asked much longer
    kept = list(engine._model.kept)
    prompt = engine._prompts.make(LONG).tokens
    assert 0 < len(kept) < len(prompt)
    assert kept == prompt[: len(kept)]
    events = answer(engine, LONG)
    assert usage(events).cached_tokens == len(kept)
    assert said(events) == said(answer(fresh, LONG))


def test_cancelled_within_one_token(tiny: Write) -> None:
    engine = engine_of(tiny(says=PIECES))
    events: list[LlmEvent] = []
    events += engine.answer(asked("What time is it?"), lambda: len(events) == 2)
    assert said(events) == "It is"


def test_the_beginning_is_read_once(tiny: Write) -> None:
    engine = engine_of(tiny(says=PIECES))
    first = answer(engine, asked("Hello.", tools=(LIGHT,), context="It is nine."))
    assert usage(first).cached_tokens == 0
    second = answer(engine, asked("Hello.", "And now?", tools=(LIGHT,), context="It is ten."))
    prompt = engine._prompts.make(asked("x", tools=(LIGHT,)))
    assert usage(second).cached_tokens >= prompt.stable
    same = answer(engine, asked("Hello.", "And now?", tools=(LIGHT,), context="It is ten."))
    assert usage(same).cached_tokens == usage(same).input_tokens - 1
    assert said(same) == said(second) == "".join(PIECES)


def stable_of(path: Path, request: Request) -> int:
    return engine_of(path)._prompts.make(request).stable


def test_a_restart_does_not_read_it_again(tiny: Write, tmp_path: Path) -> None:
    path, request = tiny(seed=3), with_parameters(LONG, seed=4, temperature=2)
    expected = said(answer(engine_of(path), request))
    first = answer(engine_of(path, tmp_path), request)
    assert usage(first).cached_tokens == 0
    second = answer(engine_of(path, tmp_path), request)
    assert usage(second).cached_tokens == stable_of(path, request)
    assert said(first) == said(second) == expected


def test_each_profile_and_toolset_has_its_own(tiny: Write, tmp_path: Path) -> None:
    path = tiny(says=PIECES)
    requests = [LONG, msgspec.structs.replace(LONG, profile="night"), asked("Hello. " * 60)]
    requests.append(msgspec.structs.replace(requests[-1], system="Another. " * 40))
    engine = engine_of(path, tmp_path)
    for request in requests:
        answer(engine, request)
    # Two begin alike, and one is too short to be worth it.
    assert len(list(tmp_path.glob("*.state"))) == 2
    for request in (LONG, requests[-1], LONG):  # by turns, which memory alone cannot serve
        assert usage(answer(engine, request)).cached_tokens >= stable_of(path, request)


@pytest.mark.parametrize("damage", ["cut", "bit", "empty", "foreign", "garbage"])
def test_a_damaged_state_is_replaced(tiny: Write, tmp_path: Path, damage: str) -> None:
    path = tiny(seed=3)
    expected = said(answer(engine_of(path, tmp_path), LONG))
    (file,) = tmp_path.glob("*.state")
    data = bytearray(file.read_bytes())
    if damage == "foreign":
        other = tiny(seed=4)
        answer(engine_of(other, tmp_path / "other"), LONG)
        data = bytearray(next((tmp_path / "other").glob("*.state")).read_bytes())
    data[len(data) // 2] ^= damage == "bit"
    length = {"cut": len(data) // 2, "empty": 0}.get(damage, len(data))
    file.write_bytes(data[:length] if damage != "garbage" else b"x" * length)
    events = answer(engine_of(path, tmp_path), LONG)
    assert usage(events).cached_tokens == 0
    assert said(events) == expected
    mended = answer(engine_of(path, tmp_path), LONG)
    assert usage(mended).cached_tokens == stable_of(path, LONG)
    assert said(mended) == expected


def test_states_are_bounded(tiny: Write, tmp_path: Path) -> None:
    model = model_of(tiny())
    states = States(tmp_path, b"", most_files=3)
    (tmp_path / "interrupted.1.part").touch()
    keys = [states.key([number]) for number in range(5)]
    model.read(range(300, 400), lambda: False)
    for key in keys:
        assert states.save(key, model)
    assert sorted(tmp_path.iterdir()) == sorted(tmp_path.glob("*.state"))
    assert [states.has(key) for key in keys] == [False, False, True, True, True]
    size = next(tmp_path.iterdir()).stat().st_size
    small = States(tmp_path, b"", most_bytes=2 * size)
    assert small.save(states.key([9]), model)
    assert len(list(tmp_path.iterdir())) == 2
    assert not States(tmp_path, b"", most_bytes=size - 1).save(states.key([8]), model)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_that_cannot_be_written_costs_time_only(tiny: Write, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    engine = engine_of(tiny(says=PIECES), tmp_path / "file" / "states")
    assert said(answer(engine, LONG)) == "".join(PIECES)
