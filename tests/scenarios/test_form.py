"""A mistake in a scenario is named with its place, and a scenario that goes wrong fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.form import ScenarioError, parse, read
from tests.scenarios.play import play

START = "name: x\nscript: [{say: hey jarvis}]\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: x\nscript: []\nexpect: [{state: hearing}]", r"length >= 1 - at `\$.script`"),
        (START + "expect: [{state: singing}]", r"'singing' - at `\$.expect\[0\].state`"),
        (START + "expect: [{state: hearing, milestone: wake}]", "“state” and “milestone”"),
        (START + "expects: []", "unknown field `expects`"),
        ("name: x\nscript: [{at: 1}]\nexpect: []", "exactly one of say, wav, sound, do"),
        ("name: x\nscript: [{at: 1, after: 2, say: x}]\nexpect: []", "“at” stands alone"),
        (START + "config: {follow_up: 1}\nexpect: [{state: hearing}]", r"`\$.config`"),
        ("name: [", "is not YAML"),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, told: str) -> None:
    with pytest.raises(ScenarioError, match=told) as error:
        parse(text, "kitchen.yaml")
    assert str(error.value).startswith("kitchen.yaml ")


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(ScenarioError, match="cannot be read"):
        read(Path("nowhere.yaml"))


def test_what_does_not_happen_as_expected_is_told() -> None:
    scenario = parse(
        START
        + """
config: {no_speech_timeout_s: 1}
expect:
  - {state: hearing, within: 0.001, since: listening}
  - {milestone: gave_up, within: 1.2}
  - {house: {kitchen light: {on_off: true}}}
  - never: gave_up
""",
        "x",
    )
    first, second, third = play(scenario, Path()).mistakes
    assert "expectation 1" in first
    assert "came 1.00 s after “the beginning”" in first
    assert "expectation 3" in second
    assert "did not happen" in second
    assert "gave_up happened 1 times, not 0" in third
